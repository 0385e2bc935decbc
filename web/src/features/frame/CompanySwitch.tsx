import { Button, Menu, Text } from "@mantine/core";
import { IconCheck, IconSelector } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { useMe } from "@/api/me";

/** The company's name; a menu of the others where the person is in several. Another tab may show another one. */
export function CompanySwitch() {
  const { t } = useTranslation("frame");
  const { me, company } = useMe();
  const name = company?.name ?? t("company");
  if (me.companies.length < 2 && company !== null) return <Text fw={600} truncate title={name}><bdi>{name}</bdi></Text>;
  if (me.companies.length === 0) return <Text fw={600} truncate>{name}</Text>;
  return (
    <Menu position="bottom-start" width={280} portalProps={{ target: "#page" }}>
      <Menu.Target>
        <Button variant="subtle" color="gray" c="var(--mantine-color-text)" rightSection={<IconSelector size={16} />} aria-label={`${t("switchCompany")}: ${name}`} title={name} style={{ minWidth: 0 }} styles={{ label: { minWidth: 0 } }} px="xs">
          <Text fw={600} truncate><bdi>{name}</bdi></Text>
        </Button>
      </Menu.Target>
      <Menu.Dropdown mah="60vh" style={{ overflowY: "auto" }}>
        {me.companies.map((each) => (
          <Menu.Item
            key={each.id}
            rightSection={each.id === company?.id ? <IconCheck size={14} aria-hidden /> : undefined}
            aria-current={each.id === company?.id || undefined}
            // A link, so that it can be opened in another tab. The pages of things belong to a company: another one begins at its overview.
            // Not loaded ahead: that would already be the other company.
            renderRoot={(props) => <Link to="/" search={{ company: each.id }} preload={false} {...props} />}
          >
            <bdi>{each.name}</bdi>
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
