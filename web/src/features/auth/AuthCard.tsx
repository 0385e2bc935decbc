import { Stack, Text, Title } from "@mantine/core";
import { type ReactNode, useEffect } from "react";
import { useTranslation } from "react-i18next";

import classes from "./AuthCard.module.css";

/** What a page before the login stands in: the product's name, one question, and the ways elsewhere beneath it. */
export function AuthCard({ title, lead, children, elsewhere }: { title: string; lead?: ReactNode; children?: ReactNode; elsewhere?: ReactNode }) {
  const { t } = useTranslation();
  // The tab's title is outside React.
  useEffect(() => {
    document.title = `${title} · ${t("product")}`;
  }, [title, t]);
  return (
    <main className={classes.ground}>
      <p className={classes.brand}>
        <img src="/favicon.svg" alt="" width={28} height={28} />
        {t("product")}
      </p>
      <div className={classes.card}>
        <Stack gap="md">
          <Stack gap={6}>
            <Title order={1} style={{ overflowWrap: "anywhere" }}>{title}</Title>
            {lead !== undefined && <Text component="div" size="sm" c="dimmed" style={{ overflowWrap: "anywhere" }}>{lead}</Text>}
          </Stack>
          {children}
        </Stack>
      </div>
      {elsewhere !== undefined && <Text component="div" size="sm" mt="md" ta="center">{elsewhere}</Text>}
    </main>
  );
}
