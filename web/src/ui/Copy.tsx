import { ActionIcon, Button, CopyButton as Copying, Tooltip } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

/** A small button beside what it copies; `what` names it for the ear. */
export function CopyIcon({ value, what }: { value: string; what: string }) {
  const { t } = useTranslation();
  return (
    <Copying value={value}>
      {({ copied, copy }) => (
        <Tooltip label={copied ? t("copied") : t("copy")}>
          <ActionIcon variant="subtle" color="gray" size="sm" aria-label={`${copied ? t("copied") : t("copy")}: ${what}`} onClick={copy}>
            {copied ? <IconCheck size={14} /> : <IconCopy size={14} />}
          </ActionIcon>
        </Tooltip>
      )}
    </Copying>
  );
}

/** A button with words that copies. */
export function CopyAction({ value, children, size = "xs" }: { value: string; children: ReactNode; size?: "xs" | "sm" }) {
  const { t } = useTranslation();
  return (
    <Copying value={value}>
      {({ copied, copy }) => (
        <Button variant="default" size={size} style={{ flexShrink: 0 }} leftSection={copied ? <IconCheck size={14} /> : <IconCopy size={14} />} onClick={copy}>
          {copied ? t("copied") : children}
        </Button>
      )}
    </Copying>
  );
}

/** An id, a URL or another text of machines, with its copy button; `children` may be a link with the text. */
export function Mono({ value, children, what }: { value: string; children?: ReactNode; what?: string }) {
  return (
    <span style={{ display: "inline-flex", alignItems: "center", gap: 2, minWidth: 0, maxWidth: "100%" }}>
      <span className="hf-mono" style={{ overflow: "hidden", textOverflow: "ellipsis", whiteSpace: "nowrap" }} title={value}>
        {children ?? value}
      </span>
      <CopyIcon value={value} what={what ?? value} />
    </span>
  );
}
