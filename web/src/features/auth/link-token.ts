import { redirect } from "@tanstack/react-router";

declare module "@tanstack/react-router" {
  interface HistoryState {
    /** What a mailed link carried; see `takeToken`. */
    linkToken?: string;
  }
}

/** The token in a link's `#token=…`, in a whole link that was pasted, or the bare code of a mail. */
export function tokenIn(text: string): string | null {
  const marked = /[#&?]?token=([^&\s]+)/.exec(text)?.[1];
  const token = marked ?? text.trim();
  return /^[\w-]{1,128}$/.test(token) ? token : null;
}

/**
 * Takes a link's token out of the address bar, where it would be seen and kept, into this entry of the browser's
 * history: a reload still has it. For the `beforeLoad` of a page that mails link to.
 */
export function takeToken({ location }: { location: { hash: string; pathname: string } }): void {
  if (!location.hash.includes("token=")) return;
  const linkToken = tokenIn(location.hash) ?? "";
  throw redirect({ to: location.pathname, hash: "", replace: true, state: (before) => ({ ...before, linkToken }) });
}
