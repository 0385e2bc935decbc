import { SimpleGrid, Text, Title } from "@mantine/core";
import { type LinkProps } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { LinkButton } from "@/ui/LinkButton";

const WAYS = ["own", "whatsapp", "docs"] as const;
const LINKS: Record<(typeof WAYS)[number], LinkProps["to"]> = { own: "/webhooks/new", whatsapp: "/sources", docs: "/tokens" };

/** Where to go from a first delivery. */
export function Next({ ready }: { ready: boolean }) {
  const { t } = useTranslation("start");
  return (
    <section aria-labelledby="next" style={{ maxWidth: 880 }}>
      <Title order={2} id="next" mb="sm">{t("next.title")}</Title>
      <SimpleGrid cols={{ base: 1, sm: 3 }} spacing="sm">
        {WAYS.map((way) => (
          <div key={way}>
            <LinkButton to={LINKS[way]} fullWidth variant={ready && way === "own" ? "filled" : "default"}>{t(`next.${way}`)}</LinkButton>
            <Text size="sm" c="dimmed" mt={4}>{t(`next.${way}Text`)}</Text>
          </div>
        ))}
      </SimpleGrid>
    </section>
  );
}
