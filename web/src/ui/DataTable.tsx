import { Checkbox } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { createColumnHelper, rowSelectionFeature, type RowSelectionState, tableFeatures, useTable } from "@tanstack/react-table";
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, type MouseEvent, type ReactNode, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

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
  const virtual = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => (phone ? CARD_PX : (props.rowPx ?? ROW_PX)),
    getItemKey: (index) => (rows[index] ? rowKey(rows[index]) : index),
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

  const opening = (row: Row) => (props.onOpen ? openingProps(() => props.onOpen?.(row)) : {});
  const box = (row: (typeof all)[number]) =>
    onSelect && <Checkbox size="xs" aria-label={t("selectRow")} checked={row.getIsSelected()} onChange={row.getToggleSelectedHandler()} />;

  if (phone) {
    return (
      <div ref={list} role="list" aria-label={props.label} className={classes.cards}>
        <div style={{ height: before }} />
        {inSight.map(({ item, row }) => (
          <div role="listitem" key={row.id} data-index={item.index} ref={virtual.measureElement} className={classes.cardSpace}>
            <div className={classes.card} data-open={row.id === props.openKey || undefined} {...opening(row.original)}>
              {box(row)}
              {columns.filter((column) => column.phone !== "hide").map((column) => (
                <div key={column.key} className={column.phone === "title" ? classes.cardTitle : classes.cardLine}>
                  {(column.phone ?? "line") === "line" && <span className={classes.cardName}>{column.header}</span>}
                  <span className={classes.cardValue}>{column.cell(row.original)}</span>
                </div>
              ))}
            </div>
          </div>
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
                  <Checkbox size="xs" aria-label={t("selectAll")} checked={table.getIsAllRowsSelected()} indeterminate={table.getIsSomeRowsSelected()} onChange={table.getToggleAllRowsSelectedHandler()} />
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
            <tr key={row.id} aria-rowindex={item.index + 2} data-index={item.index} ref={virtual.measureElement} data-open={row.id === props.openKey || undefined} data-opens={props.onOpen !== undefined || undefined} {...opening(row.original)}>
              {onSelect && <td className={classes.box}>{box(row)}</td>}
              {row.getAllCells().map((cell, index) => (
                <td key={cell.id} style={{ textAlign: columns[index]?.align }}>
                  <table.FlexRender cell={cell} />
                </td>
              ))}
            </tr>
          ))}
          {after > 0 && <tr aria-hidden style={{ height: after }}><td colSpan={columns.length + 1} /></tr>}
        </tbody>
      </table>
    </div>
  );
}

/** A click anywhere on a row opens it, but not one on a link, a button or a box in it, nor the end of marking text. */
function openingProps(open: () => void) {
  return {
    onClick: (event: MouseEvent) => {
      const target = event.target;
      if (target instanceof Element && target.closest("a,button,input,label") !== null) return;
      if (window.getSelection()?.type === "Range") return;
      open();
    },
    onKeyDown: (event: KeyboardEvent) => {
      if (event.key === "Enter" && event.target === event.currentTarget) open();
    },
  };
}
