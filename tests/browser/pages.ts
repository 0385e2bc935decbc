import type { Page } from "@playwright/test";

import type { Facts } from "./lib/facts.ts";

/** Who looks: the owner of the full company, the same in the empty one, somebody who may only look, or nobody. */
export type Viewer = "owner" | "empty" | "viewer" | "nobody";

export interface PageEntry {
  /** Names the screenshots. */
  name: string;
  as: Viewer;
  path: (facts: Facts) => string;
  /** What a person does first, for what has no address of its own: dialogs, drawers, folded parts. */
  act?: (page: Page) => Promise<void>;
}

const at = (name: string, path: string | ((facts: Facts) => string), act?: PageEntry["act"]): PageEntry => ({
  name,
  as: "owner",
  path: typeof path === "string" ? () => path : path,
  ...(act === undefined ? {} : { act }),
});
const as = (viewer: Viewer, entry: PageEntry): PageEntry => ({ ...entry, as: viewer, name: `${entry.name}-${viewer}` });

const press = (role: "button" | "link" | "tab" | "menuitem", name: RegExp) => async (page: Page): Promise<void> => {
  await page.getByRole("main").getByRole(role, { name }).first().click();
};
const dialog = (name: RegExp) => async (page: Page): Promise<void> => {
  await press("button", name)(page);
  await page.getByRole("dialog").first().waitFor();
};

/** Every page: whoever adds a route adds it here. */
export const PAGES: readonly PageEntry[] = [
  // Without a login.
  as("nobody", at("login", "/login")),
  as("nobody", at("signup", "/signup")),
  as("nobody", at("reset-password", "/reset-password")),
  as("nobody", at("reset-password-choose", "/reset-password#token=no-such-token")),
  as("nobody", at("verify-email", "/verify-email#token=no-such-token")),
  as("nobody", at("change-email", "/change-email#token=no-such-token")),
  as("nobody", at("invitation-wrong", "/invitation#token=no-such-token")),
  as("nobody", at("invitation", (facts) => `/invitation#token=${facts.invitationToken}`)),
  // The company at work.
  at("overview", "/"),
  at("start", "/start"),
  at("webhooks", "/webhooks"),
  at("webhooks-new", "/webhooks/new"),
  at("webhooks-new-advanced", "/webhooks/new", press("button", /advanced/i)),
  at("webhook-defective", (facts) => `/webhooks/${facts.webhook.billing}`),
  at("webhook-healthy", (facts) => `/webhooks/${facts.webhook.crm}`),
  at("webhook-paused", (facts) => `/webhooks/${facts.webhook.lake}`),
  at("webhook-gone", (facts) => `/webhooks/${facts.webhook.oldShop}`),
  at("webhook-streak", (facts) => `/webhooks/${facts.webhook.login}`),
  at("webhook-deliveries", (facts) => `/webhooks/${facts.webhook.billing}/deliveries`),
  at("webhook-filter", (facts) => `/webhooks/${facts.webhook.chatbot}/filter`),
  at("webhook-settings", (facts) => `/webhooks/${facts.webhook.erp}/settings`),
  at("webhook-secret", (facts) => `/webhooks/${facts.webhook.crm}/secret`),
  at("webhook-sample", (facts) => `/webhooks/${facts.webhook.crm}?sample=1`),
  at("webhook-delete", (facts) => `/webhooks/${facts.webhook.billing}`, async (page) => {
    await page.getByRole("button", { name: /more/i }).click();
    await page.getByRole("menuitem", { name: /delete/i }).click();
    await page.getByRole("dialog").waitFor();
  }),
  at("events", "/events"),
  at("events-found", (facts) => `/events?q=${facts.phone}`),
  at("events-drawer", (facts) => `/events?open=${facts.event.delivered}`),
  at("event", (facts) => `/events/${facts.event.delivered}`),
  at("event-nowhere", (facts) => `/events/${facts.event.nowhere}`),
  at("deliveries", "/deliveries"),
  at("deliveries-exhausted", "/deliveries?state=exhausted"),
  at("deliveries-drawer", (facts) => `/deliveries?open=${facts.delivery.waiting}`),
  at("delivery-145-attempts", (facts) => `/deliveries/${facts.delivery.long}`),
  at("delivery-waiting", (facts) => `/deliveries/${facts.delivery.waiting}`),
  at("delivery-delivered", (facts) => `/deliveries/${facts.delivery.delivered}`),
  at("delivery-held", (facts) => `/deliveries/${facts.delivery.held}`),
  at("delivery-expired", (facts) => `/deliveries/${facts.delivery.expired}`),
  at("delivery-canceled", (facts) => `/deliveries/${facts.delivery.canceled}`),
  at("deliveries-bulk", (facts) => `/deliveries?state=pending&endpoint_id=${facts.webhook.billing}`, dialog(/^retry all that match/i)),
  at("jobs", "/jobs"),
  at("sources", "/sources"),
  at("sources-new", "/sources", dialog(/^add source/i)),
  at("source", (facts) => `/sources/${facts.source.receiving}`),
  at("source-steps", (facts) => `/sources/${facts.source.waiting}`),
  at("inboxes", "/inboxes"),
  at("inbox", (facts) => `/inboxes/${facts.inbox}`),
  at("event-types", "/event-types"),
  at("event-type", "/event-types/message.received"),
  at("event-type-own", "/event-types/order.created"),
  at("tokens", "/tokens"),
  at("tokens-new", "/tokens", dialog(/add|create|new|make/i)),
  at("team", "/team"),
  at("team-invite", "/team", dialog(/^invite$/i)),
  at("notifications", "/notifications"),
  at("audit-log", "/audit-log"),
  at("settings", "/settings"),
  at("account", "/account"),
  at("not-found", "/webhooks/ep_01m8ffwhz9fw8800z5n17ec066"),
  at("no-such-page", "/no/such/page"),
  at("search", "/", async (page) => {
    await page.keyboard.press("Control+k");
    await page.getByPlaceholder(/./).last().fill("billing");
    await page.getByText("Billing").last().waitFor();
  }),
  // The company in which nothing has happened.
  as("empty", at("overview", "/")),
  as("empty", at("start", "/start")),
  as("empty", at("webhooks", "/webhooks")),
  as("empty", at("events", "/events")),
  as("empty", at("deliveries", "/deliveries")),
  as("empty", at("jobs", "/jobs")),
  as("empty", at("sources", "/sources")),
  as("empty", at("inboxes", "/inboxes")),
  as("empty", at("tokens", "/tokens")),
  as("empty", at("notifications", "/notifications")),
  // Somebody who may only look.
  as("viewer", at("webhooks", "/webhooks")),
  as("viewer", at("webhooks-new", "/webhooks/new")),
  as("viewer", at("webhook-secret", (facts) => `/webhooks/${facts.webhook.crm}/secret`)),
  as("viewer", at("tokens", "/tokens")),
  as("viewer", at("team", "/team")),
  as("viewer", at("audit-log", "/audit-log")),
  as("viewer", at("settings", "/settings")),
];
