import { isLoggedOut } from "@/api/problem";

/** What became of things that were done one by one: those that were done, and those that were refused, with the server's words. */
export type Summary = { done: readonly string[]; refused: readonly { id: string; why: string }[]; stopped: boolean };

export const NOTHING_YET: Summary = { done: [], refused: [], stopped: false };

/**
 * Does something to each, one after another; told after each how it stands. Ends early once `isStopped`, and throws
 * when the login has ended: all that follow would be refused for that.
 */
export async function doEach(ids: readonly string[], act: (id: string) => Promise<unknown>, told: (summary: Summary) => void, isStopped: () => boolean): Promise<Summary> {
  let summary = NOTHING_YET;
  for (const id of ids) {
    if (isStopped()) {
      summary = { ...summary, stopped: true };
      break;
    }
    summary = await act(id).then(
      () => ({ ...summary, done: [...summary.done, id] }),
      (error: unknown) => {
        if (isLoggedOut(error)) throw error;
        return { ...summary, refused: [...summary.refused, { id, why: error instanceof Error ? error.message : String(error) }] };
      },
    );
    told(summary);
  }
  return summary;
}

/** What stays selected: all but what was done. */
export function without<T>(selected: Readonly<Record<string, T>>, done: readonly string[]): Record<string, T> {
  const gone = new Set(done);
  return Object.fromEntries(Object.entries(selected).filter(([id]) => !gone.has(id)));
}
