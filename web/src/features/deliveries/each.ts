/** What became of things that were done one by one: those that were refused, with the server's words. */
export type Summary = { done: number; refused: { id: string; why: string }[]; stopped: boolean };

/** Does something to each, one after another; told after each how it stands. Ends early once `isStopped`. */
export async function doEach(ids: readonly string[], act: (id: string) => Promise<unknown>, told: (summary: Summary) => void, isStopped: () => boolean): Promise<Summary> {
  let summary: Summary = { done: 0, refused: [], stopped: false };
  for (const id of ids) {
    if (isStopped()) {
      summary = { ...summary, stopped: true };
      break;
    }
    summary = await act(id).then(
      () => ({ ...summary, done: summary.done + 1 }),
      (error: unknown) => ({ ...summary, refused: [...summary.refused, { id, why: error instanceof Error ? error.message : String(error) }] }),
    );
    told(summary);
  }
  return summary;
}
