import { ActionIcon, Menu, useMantineColorScheme } from "@mantine/core";
import { IconCheck, IconUserCircle } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { api, done } from "@/api/client";
import { useMe } from "@/api/me";
import { failed } from "@/ui/toast";

const SCHEMES = ["light", "dark", "auto"] as const;

/** The person: their account, how the pages look, and the way out. */
export function PersonMenu() {
  const { t } = useTranslation("frame");
  const { me } = useMe();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const logOut = useMutation({
    mutationFn: () => done(api.POST("/api/v1/auth/logout")),
    // A full load: nothing of what this person read stays in the tab for the next one.
    onSuccess: () => window.location.assign("/login"),
    onError: failed,
  });
  return (
    <Menu position="bottom-end" width={240}>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label={t("person")}><IconUserCircle size={22} /></ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{me.user.name || me.user.email}</Menu.Label>
        <Menu.Item renderRoot={(props) => <Link to="/account" {...props} />}>{t("account")}</Menu.Item>
        <Menu.Divider />
        <Menu.Label>{t("theme")}</Menu.Label>
        {SCHEMES.map((scheme) => (
          <Menu.Item key={scheme} role="menuitemradio" aria-checked={colorScheme === scheme} onClick={() => setColorScheme(scheme)} rightSection={colorScheme === scheme ? <IconCheck size={14} aria-hidden /> : undefined}>
            {scheme === "auto" ? t("system") : t(scheme)}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item onClick={() => logOut.mutate()}>{t("logOut")}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
