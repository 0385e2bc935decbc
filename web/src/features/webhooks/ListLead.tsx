import { Link } from "@tanstack/react-router";
import { Fragment } from "react";
import { useTranslation } from "react-i18next";

import { count } from "@/lib/numbers";

import { countStandings, type ListRow, type Standing } from "./list";
import classes from "./List.module.css";

/** The page's answer in one line: "3 working · 1 Defective · 1 paused"; each part shows only those. */
export function ListLead({ rows, status }: { rows: readonly ListRow[]; status: Standing | undefined }) {
  const { t } = useTranslation("webhooks");
  return (
    <span className={classes.counts}>
      {countStandings(rows).map((each, index) => (
        <Fragment key={each.standing}>
          {index > 0 && <span aria-hidden>·</span>}
          <Link
            to="/webhooks" className="hf-link" data-standing={each.standing} data-active={each.standing === status || undefined}
            search={(before) => ({ ...before, status: each.standing === status ? undefined : each.standing })}
          >
            {t(`count.${each.standing}`, { number: count(each.count) })}
          </Link>
        </Fragment>
      ))}
    </span>
  );
}
