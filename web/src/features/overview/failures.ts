import type { Schemas } from "@/api/client";
import type { Endpoint } from "@/api/endpoints";
import type { EndpointStats } from "@/api/stats";

export type Cause = Schemas["AnswerView"] & {
  /** What the server wrote down of the last failure, where this cause is that one. */
  message: string | null;
};
export type FailureGroup = { endpoint: Endpoint; failed: number; waiting: Schemas["WaitingView"]; causes: Cause[] };

/** Failed attempts by webhook and cause, the latest first. */
export function failureGroups(stats: readonly EndpointStats[], endpoints: readonly Endpoint[]): FailureGroup[] {
  const byId = new Map(endpoints.map((endpoint) => [endpoint.id, endpoint]));
  const groups = stats.flatMap((one): FailureGroup[] => {
    const endpoint = byId.get(one.endpoint_id);
    const failed = one.answers.filter((answer) => !answer.success).sort(latestFirst);
    if (endpoint === undefined || failed.length === 0) return [];
    const causes = failed.map((answer, index) => ({ ...answer, message: index === 0 ? lastMessage(endpoint, answer) : null }));
    return [{ endpoint, failed: one.failed, waiting: one.waiting, causes }];
  });
  return groups.sort((one, other) => {
    const [first, second] = [one.causes[0], other.causes[0]];
    return first !== undefined && second !== undefined ? latestFirst(first, second) : 0;
  });
}

type Answer = Schemas["AnswerView"];

function latestFirst(one: Answer, other: Answer): number {
  return other.last_at.localeCompare(one.last_at) || other.attempts - one.attempts;
}

/** While a webhook fails, its last error is the one of its latest cause. */
function lastMessage(endpoint: Endpoint, answer: Answer): string | null {
  const isLast = endpoint.streak > 0 && (endpoint.last_status_code ?? null) === (answer.status_code ?? null);
  return isLast ? (endpoint.last_error ?? null) : null;
}

const KINDS: readonly Schemas["ErrorKind"][] = ["dns", "connect", "tls", "timeout", "address_forbidden", "status", "body", "redirect", "other"];
type CauseFilter = { endpoint_id: string; status_code?: string; error?: Schemas["ErrorKind"] };

/** The filter of the deliveries page that shows what last failed so. */
export function causeFilter(endpoint: Pick<Endpoint, "id">, cause: Answer): CauseFilter {
  if (cause.status_code) return { endpoint_id: endpoint.id, status_code: String(cause.status_code) };
  const error = KINDS.find((kind) => kind === cause.error_kind);
  return { endpoint_id: endpoint.id, ...(error ? { error } : {}) };
}
