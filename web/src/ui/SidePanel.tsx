import { ActionIcon, Group, Skeleton, Stack, Title } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { IconArrowsDiagonal, IconX } from "@tabler/icons-react";
import { CatchBoundary, Link, type LinkProps } from "@tanstack/react-router";
import { type ReactNode, Suspense, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";

import { SectionLevel } from "./level";
import { PanelError } from "./PanelError";
import classes from "./SidePanel.module.css";

/** Whether a list and a panel fit beside one another; else a thing is opened on a page of its own. */
export function useRoomBeside(): boolean {
  return useMediaQuery("(min-width: 75em)", undefined, { getInitialValueInEffect: false });
}

/** A list, and one of its things beside it. The list stays in sight and goes on working. */
export function WithPanel({ panel, children }: { panel: ReactNode; children: ReactNode }) {
  return (
    <div className={classes.beside} data-open={Boolean(panel) || undefined}>
      <div className={classes.list}>{children}</div>
      {panel}
    </div>
  );
}

/** What stands beside the list, with the way to its own page where it has one. It takes the focus when another thing is opened; Escape gives it back and closes. */
export function SidePanel({ id, title, page, onClose, children }: { id: string; title: string; page?: LinkProps; onClose: () => void; children: ReactNode }) {
  const { t } = useTranslation("lists");
  const heading = useRef<HTMLHeadingElement>(null);
  const came = useRef<Element | null>(null);
  const first = useRef(true);
  useEffect(() => {
    // Focus is outside React. A link that was pasted with a panel open begins at the page's top.
    if (!first.current || document.activeElement !== document.body) {
      // In development React runs this twice: the second time the focus is here already.
      if (document.activeElement !== heading.current) came.current = document.activeElement;
      heading.current?.focus({ preventScroll: true });
    }
    first.current = false;
  }, [id]);
  const close = (): void => {
    onClose();
    if (came.current instanceof HTMLElement && came.current.isConnected) came.current.focus({ preventScroll: true });
  };
  return (
    // Escape is for the panel as a whole.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <aside className={classes.panel} aria-label={title} onKeyDown={(event) => event.key === "Escape" && !event.defaultPrevented && close()}>
      <Group justify="space-between" wrap="nowrap" className={classes.head}>
        <Title order={2} ref={heading} tabIndex={-1} className={classes.title}>{title}</Title>
        <Group gap={4} wrap="nowrap">
          {page && <Link {...page} aria-label={t("openPage")} title={t("openPage")} className={classes.icon}><IconArrowsDiagonal size={16} /></Link>}
          <ActionIcon variant="subtle" color="gray" aria-label={t("closePanel")} onClick={close}><IconX size={16} /></ActionIcon>
        </Group>
      </Group>
      <CatchBoundary getResetKey={() => id} errorComponent={({ error, reset }) => <div className={classes.body}><PanelError error={error} reset={reset} /></div>}>
        <Suspense fallback={<Stack className={classes.body} gap="sm"><Skeleton h={20} w={200} /><Skeleton h={16} /><Skeleton h={160} /></Stack>}>
          <div className={classes.body}><SectionLevel value={3}>{children}</SectionLevel></div>
        </Suspense>
      </CatchBoundary>
    </aside>
  );
}
