import { Alert } from "@mantine/core";
import { useTranslation } from "react-i18next";

import type { Fault } from "./json-faults";

/** Faults in a JSON document, each with its place. */
export function Faults({ title, faults, rest }: { title?: string; faults: readonly Fault[]; rest: string | null }) {
  const { t } = useTranslation("webhook");
  if (faults.length === 0 && rest === null) return null;
  return (
    <Alert color="red" variant="light" role="alert" title={title}>
      {rest}
      {faults.length > 0 && (
        <ul style={{ margin: 0, paddingLeft: 18 }}>
          {faults.map((fault) => (
            <li key={`${fault.pointer} ${fault.detail}`} style={{ overflowWrap: "anywhere" }}>
              <code className="hf-mono">{fault.pointer || t("filter.whole")}</code>: {fault.detail}
            </li>
          ))}
        </ul>
      )}
    </Alert>
  );
}
