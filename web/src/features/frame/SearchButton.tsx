import { ActionIcon, Button, Kbd } from "@mantine/core";
import { useHotkeys } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";

const Search = lazy(() => import("./Search"));

/** The way to the search for everything, which is loaded when it is first asked for; from then on it hears its keys itself. */
export function SearchButton() {
  const { t } = useTranslation("frame");
  const [asked, setAsked] = useState(0);
  const ask = (): void => setAsked((times) => times + 1);
  useHotkeys(asked > 0 ? [] : [["/", ask], ["mod+K", ask]]);
  return (
    <>
      <Button visibleFrom="sm" variant="default" size="xs" fw={400} c="dimmed" leftSection={<IconSearch size={14} />} rightSection={<Kbd size="xs">/</Kbd>} onClick={ask}>
        {t("search")}
      </Button>
      <ActionIcon hiddenFrom="sm" variant="subtle" color="gray" aria-label={t("search")} onClick={ask}>
        <IconSearch size={20} />
      </ActionIcon>
      {asked > 0 && (
        <Suspense>
          <Search asked={asked} />
        </Suspense>
      )}
    </>
  );
}
