/** A page of a list as the server gives it. */
export type Page<Row> = { data: Row[]; next_cursor?: string | null };

/** How many rows are asked for at a time: the most that the server gives. */
export const PAGE_ROWS = 100;

/** Every row of a list that is known to be short, page by page; ends after `most` rows. */
export async function everyRow<Row>(page: (cursor: string | undefined) => Promise<Page<Row>>, most = 10_000): Promise<Row[]> {
  const rows: Row[] = [];
  let cursor: string | undefined;
  do {
    const next = await page(cursor);
    rows.push(...next.data);
    cursor = next.next_cursor ?? undefined;
  } while (cursor !== undefined && rows.length < most);
  return rows;
}
