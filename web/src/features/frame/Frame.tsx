import { AppShell, Burger, Group } from "@mantine/core";
import { useDisclosure, useMediaQuery } from "@mantine/hooks";
import { useRouterState } from "@tanstack/react-router";
import { type ReactNode, useEffect } from "react";
import { useTranslation } from "react-i18next";

import { useLiveQueries } from "@/api/live";
import { useMe } from "@/api/me";

import { Banners } from "./Banners";
import { CompanySwitch } from "./CompanySwitch";
import { HelpLink } from "./HelpLink";
import { LiveSwitch } from "./LiveSwitch";
import { LoginAgain } from "./LoginAgain";
import { Navigation } from "./Navigation";
import { NoCompany } from "./NoCompany";
import { PersonMenu } from "./PersonMenu";
import { SearchButton } from "./SearchButton";
import { useHealing } from "./useHealing";

/** What stands around every page of a company. */
export function Frame({ children }: { children: ReactNode }) {
  const { t } = useTranslation("frame");
  const { company } = useMe();
  const [open, { close, toggle }] = useDisclosure(false);
  const phone = useMediaQuery("(max-width: 48em)", undefined, { getInitialValueInEffect: false });
  const path = useRouterState({ select: (state) => state.location.pathname });
  // On a phone the menu goes away with the page that it led to.
  useEffect(() => close(), [path, close]);
  useLiveQueries();
  useHealing();
  return (
    <AppShell header={{ height: 52 }} navbar={{ width: 224, breakpoint: "sm", collapsed: { mobile: !open } }} transitionDuration={0}>
      <a className="hf-skip" href="#page">{t("skip")}</a>
      <AppShell.Header>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap" gap="xs">
          <Group gap="sm" wrap="nowrap" style={{ minWidth: 0 }}>
            <Burger opened={open} onClick={toggle} hiddenFrom="sm" size="sm" aria-label={t("menu")} aria-expanded={open} />
            <CompanySwitch />
          </Group>
          <Group gap="xs" wrap="nowrap">
            <SearchButton />
            <LiveSwitch />
            <HelpLink />
            <PersonMenu />
          </Group>
        </Group>
      </AppShell.Header>
      {/* A closed menu stands beside the screen: nobody should come upon it by Tab. */}
      <AppShell.Navbar p="xs" style={phone && !open ? { visibility: "hidden" } : undefined}><Navigation /></AppShell.Navbar>
      <AppShell.Main id="page" tabIndex={-1} style={{ outline: "none" }}>
        <Banners />
        {/* One's account is one's own, with or without a company. */}
        {company === null && path !== "/account" ? <NoCompany /> : children}
      </AppShell.Main>
      <LoginAgain />
    </AppShell>
  );
}
