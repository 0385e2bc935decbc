/** A page of a long list, as it came. */
export type ListPage<Row> = {
  rows: Row[];
  /** The search took too long and goes on at `next`. */
  cut: boolean;
  next: string | null;
  /** When it came. */
  at: number;
};

/** Which rows are in sight, by their places. */
export type Sight = { first: number; last: number };

/** The rows of all pages, each once: pages that were read at different times may overlap. The newer page counts. */
export function rowsOf<Row extends { id: string }>(pages: readonly ListPage<Row>[]): Row[] {
  const newest = new Map<string, { row: Row; at: number }>();
  for (const page of pages) {
    for (const row of page.rows) {
      const known = newest.get(row.id);
      if (known === undefined) newest.set(row.id, { row, at: page.at });
      else if (known.at < page.at) Object.assign(known, { row, at: page.at });
    }
  }
  return [...newest.values()].map(({ row }) => row);
}

/** At which places the rows of each page stand: the first, and the one after the last. */
export type Places = readonly { from: number; to: number }[];

export function placesOf<Row extends { id: string }>(pages: readonly ListPage<Row>[]): Places {
  const seen = new Set<string>();
  return pages.map((page) => {
    const from = seen.size;
    page.rows.forEach((row) => seen.add(row.id));
    return { from, to: seen.size };
  });
}

/** Which pages the rows in sight come from. */
export function pagesInSight(places: Places, sight: Sight): number[] {
  return places.flatMap(({ from, to }, index) => (to > from && from <= sight.last && to > sight.first ? [index] : []));
}

/** How many of the newest rows are above all that are known. */
export function missing<Row extends { id: string }>(known: readonly Row[], newest: readonly Row[]): number {
  const top = known[0];
  if (top === undefined) return newest.length;
  const at = newest.findIndex((row) => row.id === top.id);
  return at === -1 ? newest.length : at;
}
