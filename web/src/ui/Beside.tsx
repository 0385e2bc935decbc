import { Drawer } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { SidePanel, useRoomBeside, WithPanel } from "./SidePanel";

type Props = {
  /** What is open, and its id; `null` where nothing is. */
  open: { id: string; pane: ReactNode } | null;
  title: string;
  onClose: () => void;
  children: ReactNode;
};

/** A list of things that have no page of their own: what is open stands beside it, or over it where there is no room. */
export function Beside({ open, title, onClose, children }: Props) {
  const { t } = useTranslation("lists");
  if (useRoomBeside()) {
    const panel = open && <SidePanel id={open.id} title={title} onClose={onClose}>{open.pane}</SidePanel>;
    return <WithPanel panel={panel}>{children}</WithPanel>;
  }
  return (
    <>
      {children}
      <Drawer opened={open !== null} onClose={onClose} position="right" size="min(100vw, 640px)" title={title} closeButtonProps={{ "aria-label": t("closePanel") }}>
        {open?.pane}
      </Drawer>
    </>
  );
}
