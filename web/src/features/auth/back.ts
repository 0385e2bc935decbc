/**
 * The path of our own that `back` names; `null` for anything else, so that a link to the login cannot lead a person
 * to another site. Browsers read `\` as `/` and leave out tabs and line breaks: none of these is in a path of ours.
 */
export function ownPath(back: string | undefined, origin: string = window.location.origin): string | null {
  // eslint-disable-next-line no-control-regex
  if (back === undefined || !back.startsWith("/") || /^\/\/|[\\\u0000-\u001f\u007f]/.test(back)) return null;
  if (!URL.canParse(back, origin)) return null;
  const url = new URL(back, origin);
  // The login itself would lead back to itself.
  if (url.origin !== origin || url.pathname.startsWith("//") || url.pathname === "/login") return null;
  return url.pathname + url.search + url.hash;
}
