import type { ReactNode } from "react";

import classes from "./Facts.module.css";

/** Names and values, one under the other. */
export function Facts({ facts }: { facts: readonly { name: string; value: ReactNode }[] }) {
  return (
    <dl className={classes.facts}>
      {facts.map((fact) => (
        <div key={fact.name} className={classes.fact}>
          <dt>{fact.name}</dt>
          <dd>{fact.value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** A number with what it is and what it is compared with. */
export function Figure({ name, value, note, tone }: { name: string; value: ReactNode; note?: ReactNode; tone?: "good" | "wait" | "bad" }) {
  return (
    <div className={classes.figure} data-tone={tone}>
      <div className={classes.figureName}>{name}</div>
      <div className={classes.figureValue}>{value}</div>
      {note !== undefined && <div className={classes.figureNote}>{note}</div>}
    </div>
  );
}
