import { Title } from "@mantine/core";
import type { ReactNode } from "react";

import { useSectionLevel } from "./level";

/** A part of a page or of a panel, under a heading that fits where it stands. */
export function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section>
      <Title order={useSectionLevel()} size="h3" mb="xs">{title}</Title>
      {children}
    </section>
  );
}
