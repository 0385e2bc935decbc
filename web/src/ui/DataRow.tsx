import { Checkbox } from "@mantine/core";
import { type KeyboardEvent, memo, type MouseEvent, useId } from "react";
import { useTranslation } from "react-i18next";

import type { DataColumn } from "./DataTable";
import classes from "./DataTable.module.css";

type Props<Row> = {
  id: string;
  row: Row;
  index: number;
  columns: readonly DataColumn<Row>[];
  open: boolean;
  selected: boolean;
  onOpen?: ((row: Row) => void) | undefined;
  /** Without it rows are not to be selected. */
  onToggle?: ((id: string) => void) | undefined;
  measure: (element: Element | null) => void;
};

function PlainTableRow<Row>(props: Props<Row>) {
  const { row, index, columns, open, onOpen, onToggle, measure } = props;
  const title = useId();
  return (
    <tr aria-rowindex={index + 2} data-index={index} ref={measure} data-open={open || undefined} data-opens={onOpen !== undefined || undefined} {...opening(row, onOpen)}>
      {onToggle && <td className={classes.box}><Box {...props} title={title} /></td>}
      {columns.map((column) => <td key={column.key} id={column.phone === "title" ? title : undefined} style={{ textAlign: column.align }}>{column.cell(row)}</td>)}
    </tr>
  );
}

function PlainCardRow<Row>(props: Props<Row>) {
  const { row, index, columns, open, onOpen, onToggle, measure } = props;
  const title = useId();
  return (
    <div role="listitem" data-index={index} ref={measure} className={classes.cardSpace}>
      <div className={classes.card} data-box={onToggle !== undefined || undefined} data-open={open || undefined} {...opening(row, onOpen)}>
        {onToggle && <div className={classes.cardBox}><Box {...props} title={title} /></div>}
        {columns.filter((column) => column.phone !== "hide" && column.phoneIf?.(row) !== false).map((column) => (
          <div key={column.key} id={column.phone === "title" ? title : undefined} className={column.phone === "title" ? classes.cardTitle : classes.cardLine}>
            {(column.phone ?? "line") === "line" && <span className={classes.cardName}>{column.header}</span>}
            <span className={classes.cardValue}>{column.cell(row)}</span>
          </div>
        ))}
      </div>
    </div>
  );
}

function kept<C>(component: C): C;
function kept(component: (props: Props<object>) => React.ReactNode) {
  return memo(component);
}

/** Rows that are in sight already are not rendered again while one scrolls. */
export const TableRow = kept(PlainTableRow);
export const CardRow = kept(PlainCardRow);

/** `title`: the id of what the row is called by. */
function Box<Row>({ id, selected, onToggle, title }: Props<Row> & { title: string }) {
  const { t } = useTranslation();
  const own = useId();
  return <Checkbox size="xs" id={own} aria-label={t("selectRow")} aria-labelledby={`${own} ${title}`} checked={selected} onChange={() => onToggle?.(id)} />;
}

/** A click anywhere on a row opens it, but not one on a link, a button or a box in it, nor the end of marking text. */
function opening<Row>(row: Row, onOpen: ((row: Row) => void) | undefined) {
  if (onOpen === undefined) return {};
  return {
    onClick: (event: MouseEvent) => {
      const target = event.target;
      if (target instanceof Element && target.closest("a,button,input,label") !== null) return;
      if (window.getSelection()?.type === "Range") return;
      onOpen(row);
    },
    onKeyDown: (event: KeyboardEvent) => {
      if (event.key === "Enter" && event.target === event.currentTarget) onOpen(row);
    },
  };
}
