import { Title } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { Chip } from "@/ui/StatusChip";

import classes from "./Overview.module.css";
import { type Standing, STANDING_LOOKS } from "./verdict";

/** How many webhooks there are of each status, each a way to them. */
export function WebhooksByStatus({ standings }: { standings: readonly { standing: Standing; count: number }[] }) {
  const { t } = useTranslation("overview");
  return (
    <section aria-labelledby="by-status" className={classes.statuses}>
      <Title order={2} id="by-status">{t("webhooks.title")}</Title>
      {standings.map(({ standing, count }) => (
        <Link key={standing} to="/webhooks" search={(before) => ({ ...before, status: standing })} className={classes.status}>
          <Chip {...STANDING_LOOKS[standing]}>{t(`webhooks.standing.${standing}`, { count })}</Chip>
        </Link>
      ))}
      <Link to="/webhooks" className="hf-link">{t("webhooks.all")}</Link>
    </section>
  );
}
