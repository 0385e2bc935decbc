import { useSuspenseQuery } from "@tanstack/react-query";
import { createFileRoute } from "@tanstack/react-router";
import * as z from "zod/mini";

import { Health } from "@/features/webhook/Health";
import { endpointQuery, statsQuery } from "@/features/webhook/queries";
import { type Range, RANGES } from "@/lib/ranges";
import { oneOf } from "@/lib/list-search";

const search = z.object({ range: oneOf(RANGES) });
const USUAL: Range = "24h";

export const Route = createFileRoute("/_app/webhooks/$id/")({
  validateSearch: search,
  loaderDeps: ({ search: { range } }) => ({ range: range ?? USUAL }),
  loader: ({ context: { queryClient }, params: { id }, deps: { range } }) =>
    Promise.all([queryClient.ensureQueryData(endpointQuery(id)), queryClient.ensureQueryData(statsQuery(id, range)), queryClient.ensureQueryData(statsQuery(id, range, 2))]),
  component: WebhookHealthPage,
});

function WebhookHealthPage() {
  const { id } = Route.useParams();
  const { range } = Route.useLoaderDeps();
  const navigate = Route.useNavigate();
  const { data: endpoint } = useSuspenseQuery(endpointQuery(id));
  const { data: stats } = useSuspenseQuery(statsQuery(id, range));
  const { data: both } = useSuspenseQuery(statsQuery(id, range, 2));
  return (
    <Health
      endpoint={endpoint}
      stats={stats}
      both={both}
      range={range}
      onRange={(next) => void navigate({ search: (before) => ({ ...before, range: next === USUAL ? undefined : next }), replace: true })}
    />
  );
}
