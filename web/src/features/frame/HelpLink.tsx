import { ActionIcon, Tooltip } from "@mantine/core";
import { IconHelp } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

/** The documentation of the REST API, which says what each thing is and can. */
export function HelpLink() {
  const { t } = useTranslation("frame");
  return (
    <Tooltip label={t("help")}>
      <ActionIcon component="a" href="/docs/" target="_blank" rel="noreferrer" variant="subtle" color="gray" aria-label={t("help")} visibleFrom="xs">
        <IconHelp size={20} />
      </ActionIcon>
    </Tooltip>
  );
}
