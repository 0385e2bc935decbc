import { openSpotlight, Spotlight } from "@mantine/spotlight";
import { IconSearch } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";

import { endpointName, endpointsQuery } from "@/api/endpoints";

import { MAIN, MORE } from "./Navigation";
import { landing } from "./search-target";

/** The box for everything: ids, wamids, phone numbers, webhooks by name, pages. Opens with `/` and Ctrl-K.
 * Loaded when it is first asked for: see SearchButton. */
export default function Search({ asked }: { asked: number }) {
  const { t } = useTranslation("frame");
  const navigate = useNavigate();
  const [text, setText] = useState("");
  const { data: webhooks = [] } = useQuery({ ...endpointsQuery, enabled: text.length > 1 });
  // Each time that somebody asks; the keys are heard by the box itself.
  useEffect(() => openSpotlight(), [asked]);
  const wanted = text.trim().toLowerCase();
  const pages = [...MAIN, ...MORE].filter((page) => t(`nav.${page.name}`).toLowerCase().includes(wanted));
  const found = wanted === "" ? [] : webhooks.filter((each) => `${each.description} ${each.url} ${each.id}`.toLowerCase().includes(wanted)).slice(0, 8);
  const target = landing(text.trim());
  return (
    <Spotlight.Root query={text} onQueryChange={setText} shortcut={["mod + K", "/"]} scrollable maxHeight={420} attributes={{ content: { "aria-label": t("search") } }}>
      <Spotlight.Search placeholder={t("searchHint")} aria-label={t("search")} leftSection={<IconSearch size={18} />} />
      <Spotlight.ActionsList>
        {target !== null && (
          <Spotlight.ActionsGroup label={t("searchLookUp")}>
            <Spotlight.Action label={text.trim()} description={t("open")} onClick={() => void navigate(target)} />
          </Spotlight.ActionsGroup>
        )}
        {found.length > 0 && (
          <Spotlight.ActionsGroup label={t("searchWebhooks")}>
            {found.map((each) => (
              <Spotlight.Action key={each.id} label={endpointName(each)} description={each.url} onClick={() => void navigate({ to: "/webhooks/$id", params: { id: each.id } })} />
            ))}
          </Spotlight.ActionsGroup>
        )}
        {pages.length > 0 && (
          <Spotlight.ActionsGroup label={t("searchPages")}>
            {pages.map((page) => <Spotlight.Action key={page.name} label={t(`nav.${page.name}`)} onClick={() => void navigate({ to: page.to })} />)}
          </Spotlight.ActionsGroup>
        )}
        {wanted !== "" && (
          <Spotlight.ActionsGroup label={t("searchIn")}>
            <Spotlight.Action label={t("searchEvents", { text: text.trim() })} onClick={() => void navigate({ to: "/events", search: { q: text.trim() } })} />
            <Spotlight.Action label={t("searchDeliveries", { text: text.trim() })} onClick={() => void navigate({ to: "/deliveries", search: { q: text.trim() } })} />
          </Spotlight.ActionsGroup>
        )}
      </Spotlight.ActionsList>
    </Spotlight.Root>
  );
}
