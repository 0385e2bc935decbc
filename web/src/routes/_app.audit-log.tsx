import { createFileRoute } from "@tanstack/react-router";

import { Page } from "@/ui/Page";

export const Route = createFileRoute("/_app/audit-log")({ component: AuditLogPage });

function AuditLogPage() {
  return <Page title="Audit log">{null}</Page>;
}
