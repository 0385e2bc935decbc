import { Checkbox } from "@mantine/core";
import { type KeyboardEvent, memo, type MouseEvent } from "react";
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
  return (
    <tr aria-rowindex={index + 2} data-index={index} ref={measure} data-open={open || undefined} data-opens={onOpen !== undefined || undefined} {...opening(row, onOpen)}>
      {onToggle && <td className={classes.box}><Box {...props} /></td>}
      {columns.map((column) => <td key={column.key} style={{ textAlign: column.align }}>{column.cell(row)}</td>)}
    </tr>
  );
}

function PlainCardRow<Row>(props: Props<Row>) {
  const { row, index, columns, open, onOpen, onToggle, measure } = props;
  return (
    <div role="listitem" data-index={index} ref={measure} className={classes.cardSpace}>
      <div className={classes.card} data-open={open || undefined} {...opening(row, onOpen)}>
        {onToggle && <Box {...props} />}
        {columns.filter((column) => column.phone !== "hide").map((column) => (
          <div key={column.key} className={column.phone === "title" ? classes.cardTitle : classes.cardLine}>
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

function Box<Row>({ id, selected, onToggle }: Props<Row>) {
  const { t } = useTranslation();
  return <Checkbox size="xs" aria-label={t("selectRow")} checked={selected} onChange={() => onToggle?.(id)} />;
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
