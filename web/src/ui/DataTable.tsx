import { Checkbox } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { createColumnHelper, rowSelectionFeature, type RowSelectionState, tableFeatures, useTable } from "@tanstack/react-table";
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import { CardRow, TableRow } from "./DataRow";
import classes from "./DataTable.module.css";

/** Which rows are selected, by their keys. */
export type Selection = RowSelectionState;

export type DataColumn<Row> = {
  key: string;
  header: string;
  cell: (row: Row) => ReactNode;
  /** As in CSS, where the column should not take what it needs. */
  width?: string;
  align?: "right";
  /** On a phone a row is a card: its `title`, a `line` with the header before it (the default), or nothing. */
  phone?: "title" | "line" | "bare" | "hide";
  /** Whether it says something of this row: a card leaves out what does not. */
  phoneIf?: (row: Row) => boolean;
};

type Props<Row> = {
  /** Names the table for the ear. */
  label: string;
  rows: readonly Row[];
  columns: readonly DataColumn<Row>[];
  rowKey: (row: Row) => string;
  /** A click on a row, or Enter on it. Rows have a link of their own as well, for the keyboard and new tabs. */
  onOpen?: (row: Row) => void;
  /** Which row is open beside the list. */
  openKey?: string | null;
  selected?: RowSelectionState;
  onSelect?: (selected: RowSelectionState) => void;
  /** How high a row is about, where it has more than one line: what is out of sight is reckoned by it. */
  rowPx?: number;
  /** Told which rows are in sight, whenever that changes: by their places, the last included. */
  onRange?: (first: number, last: number) => void;
};

const features = tableFeatures({ rowSelectionFeature });
const ROW_PX = 36;
const CARD_PX = 110;

/** A dense table of any length: only the rows in sight are in the page. On a phone each row is a card. */
export function DataTable<Row extends object>(props: Props<Row>) {
  const { rows, columns, rowKey, selected, onSelect } = props;
  const phone = useMediaQuery("(max-width: 48em)", undefined, { getInitialValueInEffect: false });
  const definitions = useMemo(() => {
    const helper = createColumnHelper<typeof features, Row>();
    return columns.map((column) => helper.display({ id: column.key, header: column.header, cell: ({ row }) => column.cell(row.original) }));
  }, [columns]);
  const data = useMemo(() => [...rows], [rows]);
  const table = useTable({
    features,
    columns: definitions,
    data,
    getRowId: rowKey,
    state: { rowSelection: selected ?? {} },
    onRowSelectionChange: (change) => onSelect?.(typeof change === "function" ? change(selected ?? {}) : change),
  });
  const list = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  useLayoutEffect(() => {
    // Where the list begins in the window is known only once it is laid out.
    const at = list.current === null ? 0 : list.current.getBoundingClientRect().top + window.scrollY;
    if (Math.abs(at - top) > 1) setTop(at);
  }, [rows.length, phone, top]);
  // A new function would have every row of the list reckoned again at each step of scrolling.
  const getItemKey = useCallback((index: number) => (rows[index] ? rowKey(rows[index]) : index), [rows, rowKey]);
  const chosen = useMemo(() => countChosen(rows, rowKey, selected), [rows, rowKey, selected]);
  const virtual = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => (phone ? CARD_PX : (props.rowPx ?? ROW_PX)),
    getItemKey,
    overscan: 12,
    scrollMargin: top,
  });
  const { startIndex: first = 0, endIndex: last = 0 } = virtual.range ?? {};
  const { onRange } = props;
  // Scrolling is outside React.
  useEffect(() => onRange?.(first, last), [onRange, first, last, rows.length]);
  const items = virtual.getVirtualItems();
  const before = Math.max(0, (items[0]?.start ?? top) - top);
  const after = Math.max(0, virtual.getTotalSize() + top - (items.at(-1)?.end ?? top) - top);
  const all = table.getRowModel().rows;
  const inSight = items.flatMap((item) => {
    const row = all[item.index];
    return row ? [{ item, row }] : [];
  });
  const { t } = useTranslation();

  // The newest choice is known to a row that was rendered before it.
  const choice = useRef({ selected, onSelect });
  choice.current = { selected, onSelect };
  const toggle = useCallback((key: string) => {
    const { [key]: was, ...rest } = choice.current.selected ?? {};
    choice.current.onSelect?.(was ? rest : { ...rest, [key]: true });
  }, []);
  const shared = { columns, onOpen: props.onOpen, onToggle: onSelect && toggle, measure: virtual.measureElement };

  if (phone) {
    return (
      <div ref={list} role="list" aria-label={props.label} className={classes.cards}>
        <div style={{ height: before }} />
        {inSight.map(({ item, row }) => (
          <CardRow key={row.id} id={row.id} row={row.original} index={item.index} open={row.id === props.openKey} selected={selected?.[row.id] === true} {...shared} />
        ))}
        <div style={{ height: after }} />
      </div>
    );
  }
  return (
    <div ref={list} className={classes.frame}>
      <table className={classes.table} aria-label={props.label} aria-rowcount={rows.length + 1}>
        <thead>
          {table.getHeaderGroups().map((group) => (
            <tr key={group.id}>
              {onSelect && (
                <th className={classes.box}>
                  <Checkbox size="xs" aria-label={t("selectAll")} checked={chosen > 0 && chosen === rows.length} indeterminate={chosen > 0 && chosen < rows.length} onChange={table.getToggleAllRowsSelectedHandler()} />
                </th>
              )}
              {group.headers.map((header, index) => (
                <th key={header.id} scope="col" style={{ width: columns[index]?.width, textAlign: columns[index]?.align }}>
                  <table.FlexRender header={header} />
                </th>
              ))}
            </tr>
          ))}
        </thead>
        <tbody>
          {before > 0 && <tr aria-hidden style={{ height: before }}><td colSpan={columns.length + 1} /></tr>}
          {inSight.map(({ item, row }) => (
            <TableRow key={row.id} id={row.id} row={row.original} index={item.index} open={row.id === props.openKey} selected={selected?.[row.id] === true} {...shared} />
          ))}
          {after > 0 && <tr aria-hidden style={{ height: after }}><td colSpan={columns.length + 1} /></tr>}
        </tbody>
      </table>
    </div>
  );
}

/** How many of the rows are selected. */
function countChosen<Row>(rows: readonly Row[], rowKey: (row: Row) => string, selected: Selection | undefined): number {
  if (selected === undefined || Object.keys(selected).length === 0) return 0;
  return rows.filter((row) => selected[rowKey(row)]).length;
}
