import { Link, type LinkProps } from "@tanstack/react-router";

import classes from "./Tabs.module.css";

export type Tab = { label: string; link: LinkProps };

/** The parts of a page, each with its own URL. */
export function LinkTabs({ label, tabs }: { label: string; tabs: readonly Tab[] }) {
  return (
    <nav aria-label={label} className={classes.tabs}>
      {tabs.map((tab) => (
        <Link key={tab.label} {...tab.link} className={classes.tab} activeProps={{ "data-active": true, "aria-current": "page" }} activeOptions={{ exact: true, includeSearch: false }}>
          {tab.label}
        </Link>
      ))}
    </nav>
  );
}
