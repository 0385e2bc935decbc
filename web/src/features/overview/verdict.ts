import type { Schemas } from "@/api/client";
import type { Endpoint } from "@/api/endpoints";

/** The answer to "is it working?", with what stands in its sentence. */
export type Verdict =
  | { kind: "none" }
  | { kind: "suspended" }
  | { kind: "off" | "quiet" | "working"; count: number }
  | { kind: "broken" | "partly" | "failing"; count: number; all: number };

/** Read off what the server says of the webhooks, and of the attempts in the time that is looked at. */
export function verdictOf(overview: Schemas["OverviewView"], endpoints: readonly Pick<Endpoint, "status" | "streak">[], isSuspended: boolean): Verdict {
  const { enabled = 0, defective = 0, paused = 0, disabled = 0 } = overview.endpoints;
  const on = enabled + defective;
  if (on + paused + disabled === 0) return { kind: "none" };
  // However well the webhooks are: nothing goes out.
  if (isSuspended) return { kind: "suspended" };
  if (on === 0) return { kind: "off", count: paused + disabled };
  if (defective > 0) return { kind: enabled === 0 ? "broken" : "partly", count: defective, all: on };
  const failing = endpoints.filter((endpoint) => endpoint.status === "enabled" && endpoint.streak > 0).length;
  if (failing > 0) return { kind: "failing", count: failing, all: on };
  return { kind: overview.stats.attempts === 0 ? "quiet" : "working", count: on };
}

type Tone = "good" | "wait" | "bad" | "off";
type Look = { tone: Tone; shape: string };

export const TONES: Record<Verdict["kind"], Look> = {
  working: { tone: "good", shape: "●" },
  quiet: { tone: "good", shape: "●" },
  failing: { tone: "wait", shape: "▲" },
  partly: { tone: "bad", shape: "■" },
  broken: { tone: "bad", shape: "■" },
  suspended: { tone: "bad", shape: "■" },
  off: { tone: "off", shape: "○" },
  none: { tone: "off", shape: "○" },
};

/** How a webhook stands, in the words and the order of the list of webhooks, which can be filtered by them. */
export type Standing = "defective" | "failing" | "working" | "paused" | "disabled";

export const STANDING_LOOKS: Record<Standing, Look> = {
  defective: { tone: "bad", shape: "■" },
  failing: { tone: "wait", shape: "▲" },
  working: { tone: "good", shape: "●" },
  paused: { tone: "off", shape: "‖" },
  disabled: { tone: "off", shape: "○" },
};
const ORDER: readonly Standing[] = ["defective", "failing", "working", "paused", "disabled"];

/** How many webhooks stand how; what there is none of is left out. */
export function standingsOf(endpoints: readonly Pick<Endpoint, "status" | "streak">[]): { standing: Standing; count: number }[] {
  const counts = new Map<Standing, number>();
  for (const endpoint of endpoints) {
    const standing = standingOf(endpoint);
    if (standing !== null) counts.set(standing, (counts.get(standing) ?? 0) + 1);
  }
  return ORDER.flatMap((standing) => {
    const count = counts.get(standing);
    return count === undefined ? [] : [{ standing, count }];
  });
}

/** How one webhook stands; `null` where the server has a word that is not known here. */
export function standingOf({ status, streak }: Pick<Endpoint, "status" | "streak">): Standing | null {
  if (status === "enabled") return streak > 0 ? "failing" : "working";
  return ORDER.find((standing) => standing === status) ?? null;
}
