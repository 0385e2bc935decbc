import { useState } from "react";

import type { Selection } from "@/ui/DataTable";

const NONE: Selection = {};

/** Which rows of a list are selected; none where the list is another one: what is out of sight is not acted on. */
export function useSelection(list: string): [Selection, (change: Selection | ((before: Selection) => Selection)) => void] {
  const [held, setHeld] = useState({ list, rows: NONE });
  const rows = held.list === list ? held.rows : NONE;
  const set = (change: Selection | ((before: Selection) => Selection)): void =>
    setHeld((before) => {
      const old = before.list === list ? before.rows : NONE;
      return { list, rows: typeof change === "function" ? change(old) : change };
    });
  return [rows, set];
}
