import { Link, type LinkProps } from "@tanstack/react-router";

import type { AuditLine } from "./queries";

/** What a line is about, as a link where it has a page. */
export function Subject({ line }: { line: Pick<AuditLine, "action" | "subject"> }) {
  const to = pageOf(line);
  if (to === null) return <span className="hf-mono">{line.subject}</span>;
  return <Link {...to} className="hf-link hf-mono">{line.subject}</Link>;
}

function pageOf({ action, subject }: Pick<AuditLine, "action" | "subject">): LinkProps | null {
  // What was deleted has no page any more.
  if (action.endsWith(".deleted")) return null;
  if (action.startsWith("event_type.")) return { to: "/event-types/$name", params: { name: subject } };
  if (subject.startsWith("ep_")) return { to: "/webhooks/$id", params: { id: subject } };
  if (subject.startsWith("src_")) return { to: "/sources/$id", params: { id: subject } };
  if (subject.startsWith("dlv_")) return { to: "/deliveries/$id", params: { id: subject } };
  if (subject.startsWith("evt_")) return { to: "/events/$id", params: { id: subject } };
  if (subject.startsWith("inb_")) return { to: "/inboxes/$id", params: { id: subject } };
  return null;
}
