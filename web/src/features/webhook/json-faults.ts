import { ApiProblem } from "@/api/problem";

/** A fault in a JSON document of a form, with its place in that document. */
export type Fault = { pointer: string; detail: string };

/**
 * The server's faults within a member of the body: `/filter/and/0/equals` is `/and/0/equals` of the filter. What is
 * about the whole document has the pointer "".
 */
export function faultsWithin(error: unknown, member: string): Fault[] {
  if (!(error instanceof ApiProblem)) return [];
  return error.errors.flatMap(({ pointer, detail }) => {
    if (pointer === `/${member}`) return [{ pointer: "", detail }];
    return pointer?.startsWith(`/${member}/`) ? [{ pointer: pointer.slice(member.length + 1), detail }] : [];
  });
}

/** What else the server said: of other members, or of none. `null` where it said nothing else. */
export function restOf(error: unknown, members: readonly string[]): string | null {
  if (error === null || error === undefined) return null;
  if (!(error instanceof ApiProblem)) return error instanceof Error ? error.message : String(error);
  const others = error.errors.filter(({ pointer }) => !members.some((member) => pointer === `/${member}` || pointer?.startsWith(`/${member}/`)));
  if (others.length > 0) return others.map(({ pointer, detail }) => (pointer ? `${pointer}: ${detail}` : detail)).join("; ");
  return error.errors.length === 0 ? error.message : null;
}
