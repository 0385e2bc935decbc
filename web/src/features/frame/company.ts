import type { Me } from "@/api/me";

const KEY = "hookferry-company";

/**
 * The company that a tab shows: the one in its address; else the one that this browser was in last; else the
 * first. `null` where the person is in none.
 */
export function chosenCompany(me: Me, asked: string | undefined, last: string | null = read()): string | null {
  const has = (id: string | null | undefined): id is string => me.companies.some((company) => company.id === id);
  if (has(asked)) return asked;
  if (has(last)) return last;
  return me.companies[0]?.id ?? null;
}

function read(): string | null {
  try {
    return window.localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

export function rememberCompany(id: string): void {
  try {
    window.localStorage.setItem(KEY, id);
  } catch {
    // A browser that keeps nothing begins with the first company.
  }
}
