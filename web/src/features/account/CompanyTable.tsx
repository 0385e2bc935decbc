import { Button, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import type { Membership } from "@/api/me";
import { useLast } from "@/lib/useLast";
import { Confirm } from "@/ui/Confirm";
import { DataTable } from "@/ui/DataTable";
import { Time } from "@/ui/Time";

/** The companies that the person is in, and the way out of each. */
export function CompanyTable({ companies, shown, roleName, onLeave }: {
  companies: readonly Membership[];
  /** The one that this tab shows. */
  shown: string | null;
  roleName: (role: string) => string;
  onLeave: (company: Membership) => Promise<void>;
}) {
  const { t } = useTranslation("account");
  const [asked, setAsked] = useState<Membership | null>(null);
  const company = useLast(asked);
  const leaving = useMutation({ mutationFn: onLeave, onSuccess: () => setAsked(null) });
  return (
    <>
      {companies.length === 0 ? <Text size="sm" c="dimmed">{t("companies.none")}</Text> : (
        <DataTable
          label={t("companies.title")}
          rows={companies}
          rowKey={(each) => each.id}
          columns={[
            { key: "name", header: t("companies.name"), width: "44%", phone: "title", cell: (each) => <Name company={each} here={each.id === shown} /> },
            { key: "role", header: t("companies.role"), width: "20%", cell: (each) => roleName(each.role) },
            { key: "since", header: t("companies.since"), cell: (each) => <Time at={each.since} /> },
            {
              key: "actions",
              header: t("companies.actions"),
              width: "96px",
              align: "right",
              phone: "bare",
              cell: (each) => <Button variant="default" size="compact-sm" aria-label={t("companies.leaveOf", { company: each.name })} onClick={() => setAsked(each)}>{t("companies.leave")}</Button>,
            },
          ]}
        />
      )}
      <Confirm
        opened={asked !== null}
        title={t("companies.leaveTitle", { company: company?.name ?? "" })}
        action={t("companies.leave")}
        error={leaving.error?.message}
        busy={leaving.isPending}
        onConfirm={() => asked && leaving.mutate(asked)}
        onClose={() => { leaving.reset(); setAsked(null); }}
      >
        {t("companies.leaveText")}
        {companies.length === 1 && ` ${t("companies.leaveLast")}`}
      </Confirm>
    </>
  );
}

function Name({ company, here }: { company: Membership; here: boolean }) {
  const { t } = useTranslation("account");
  return (
    <span title={company.name}>
      <bdi><Link className="hf-link" to="/" search={{ company: company.id }} preload={false}>{company.name}</Link></bdi>
      {here && <Text span inherit c="dimmed" fw={400}> ({t("companies.here")})</Text>}
    </span>
  );
}
