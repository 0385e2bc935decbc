/** What to subscribe to in Meta's App Dashboard, and the event types that come of it. Mirrors `domain::whatsapp`. */
export const META_FIELDS: readonly { field: string; types: readonly string[]; needed?: boolean }[] = [
  { field: "messages", types: ["message.*", "contact.created", "session.*"], needed: true },
  { field: "message_template_status_update", types: ["template.status_updated"] },
  { field: "message_template_quality_update", types: ["template.quality_updated"] },
  { field: "template_category_update", types: ["template.category_updated"] },
  { field: "message_template_components_update", types: ["template.components_updated"] },
  { field: "account_update", types: ["account.updated"] },
  { field: "account_review_update", types: ["account.review_updated"] },
  { field: "account_alerts", types: ["account.alert"] },
  { field: "phone_number_quality_update", types: ["phone_number.quality_updated"] },
  { field: "phone_number_name_update", types: ["phone_number.name_updated"] },
  { field: "business_capability_update", types: ["business.capability_updated"] },
  { field: "smb_message_echoes", types: ["message.session_sent"] },
  { field: "security", types: ["security.updated"] },
  { field: "flows", types: ["flow.updated"] },
];
