import type { NavigateOptions } from "@tanstack/react-router";

/** Where an id leads, by its prefix; `null` where the text is no id that has a page. */
export function landing(text: string): Pick<NavigateOptions, "to" | "params"> | null {
  const prefix = /^([a-z]+)_[0-9a-z]{26}$/.exec(text)?.[1];
  switch (prefix) {
    case "ep":
      return { to: "/webhooks/$id", params: { id: text } };
    case "evt":
      return { to: "/events/$id", params: { id: text } };
    case "dlv":
      return { to: "/deliveries/$id", params: { id: text } };
    case "src":
      return { to: "/sources/$id", params: { id: text } };
    case "inb":
      return { to: "/inboxes/$id", params: { id: text } };
    default:
      return null;
  }
}
