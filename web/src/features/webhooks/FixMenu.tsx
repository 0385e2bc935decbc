import { Button, Menu, type MenuItemProps } from "@mantine/core";
import { createLink } from "@tanstack/react-router";
import { forwardRef, memo } from "react";
import { useTranslation } from "react-i18next";

const Anchor = forwardRef<HTMLAnchorElement, MenuItemProps>((props, ref) => <Menu.Item component="a" ref={ref} {...props} />);
Anchor.displayName = "Anchor";
const ItemLink = createLink(Anchor);

/** What one does about a webhook that fails; each leads to where it is done. */
export const FixMenu = memo(function FixMenu({ id, name }: { id: string; name: string }) {
  const { t } = useTranslation("webhooks");
  return (
    // Within the page's landmark, and with the first item in focus rather than a placeholder, which a menu may not hold.
    <Menu position="bottom-end" width={220} withInitialFocusPlaceholder={false} portalProps={{ target: "#page" }}>
      <Menu.Target>
        <Button variant="default" size="compact-sm" aria-label={t("list.fixOf", { name })}>{t("list.fix")}</Button>
      </Menu.Target>
      <Menu.Dropdown>
        <ItemLink to="/webhooks/$id" params={{ id }}>{t("list.why")}</ItemLink>
        <ItemLink to="/webhooks/$id" params={{ id }} search={{ sample: 1 }}>{t("list.sample")}</ItemLink>
        <ItemLink to="/webhooks/$id/settings" params={{ id }}>{t("list.changeUrl")}</ItemLink>
      </Menu.Dropdown>
    </Menu>
  );
});
