import { CloseButton, Drawer, Group, Title } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { type ReactNode, useEffect, useRef } from "react";

import classes from "./Beside.module.css";

type Props = {
  /** What stands beside the list; `null` where nothing is open. */
  pane: ReactNode | null;
  /** Changes where something else is opened, so that the focus follows. */
  paneKey: string | null;
  title: string;
  closeLabel: string;
  onClose: () => void;
  children: ReactNode;
};

/** A list with what is open of it beside it, so that the list stays in sight; over it where there is no room. */
export function Beside({ pane, paneKey, title, closeLabel, onClose, children }: Props) {
  const wide = useMediaQuery("(min-width: 75em)", undefined, { getInitialValueInEffect: false });
  if (!wide) {
    return (
      <>
        {children}
        <Drawer opened={pane !== null} onClose={onClose} position="right" size="min(100vw, 640px)" title={title} closeButtonProps={{ "aria-label": closeLabel }}>
          {pane}
        </Drawer>
      </>
    );
  }
  if (pane === null) return <>{children}</>;
  return (
    <div className={classes.both}>
      <div className={classes.list}>{children}</div>
      <Pane key={paneKey} title={title} closeLabel={closeLabel} onClose={onClose}>{pane}</Pane>
    </div>
  );
}

function Pane({ title, closeLabel, onClose, children }: { title: string; closeLabel: string; onClose: () => void; children: ReactNode }) {
  const heading = useRef<HTMLHeadingElement>(null);
  // The focus goes to what was opened, and back to where it came from: a keyboard's way through a list.
  useEffect(() => {
    const from = document.activeElement;
    heading.current?.focus({ preventScroll: true });
    return () => {
      if (from instanceof HTMLElement && from.isConnected) from.focus({ preventScroll: true });
    };
  }, []);
  return (
    // Escape closes it, as it does a dialog.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <section className={classes.pane} aria-label={title} onKeyDown={(event) => { if (event.key === "Escape") onClose(); }}>
      <Group justify="space-between" mb="sm" wrap="nowrap">
        <Title order={2} ref={heading} tabIndex={-1} className={classes.heading}>{title}</Title>
        <CloseButton aria-label={closeLabel} onClick={onClose} />
      </Group>
      {children}
    </section>
  );
}
