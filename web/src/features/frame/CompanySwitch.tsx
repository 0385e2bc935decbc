import { Button, Menu, Text } from "@mantine/core";
import { IconCheck, IconSelector } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { useMe } from "@/api/me";

/** The company's name; a menu of the others where the person is in several. Another tab may show another one. */
export function CompanySwitch() {
  const { t } = useTranslation("frame");
  const { me, company } = useMe();
  const navigate = useNavigate();
  const name = company?.name ?? t("company");
  if (me.companies.length < 2) return <Text fw={600} truncate>{name}</Text>;
  return (
    <Menu position="bottom-start" width={260}>
      <Menu.Target>
        <Button variant="subtle" color="gray" c="var(--mantine-color-text)" rightSection={<IconSelector size={16} />} aria-label={`${t("switchCompany")}: ${name}`} style={{ minWidth: 0 }} px="xs">
          <Text fw={600} truncate>{name}</Text>
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {me.companies.map((each) => (
          <Menu.Item
            key={each.id}
            rightSection={each.id === company?.id ? <IconCheck size={14} aria-hidden /> : undefined}
            aria-current={each.id === company?.id || undefined}
            // The pages of things belong to a company: another one begins at its overview.
            onClick={() => void navigate({ to: "/", search: { company: each.id } })}
          >
            {each.name}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
