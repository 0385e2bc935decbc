import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useEffect, useSyncExternalStore } from "react";

import { connection } from "./connection";

/** What the server's stream tells; `data` is its JSON, as the OpenAPI document names it under `/stream`. */
export type LiveEvent = { kind: LiveKind; data: Record<string, unknown> };
export const LIVE_KINDS = ["attempt", "delivery", "endpoint", "job", "skipped", "reset"] as const;
export type LiveKind = (typeof LIVE_KINDS)[number];
export type LiveState = "off" | "connecting" | "live" | "paused" | "lost";

/** How long after a refused stream the next one is asked for. */
const AGAIN_MS = 5_000;

let state: LiveState = "off";
let source: EventSource | null = null;
let company: string | null = null;
let wanted = false;
/** Whether the stream ended without being asked to, and none has begun since. */
let broken = false;
const watchers = new Set<() => void>();
const listeners = new Set<(event: LiveEvent) => void>();

function become(next: LiveState): void {
  if (next === state) return;
  state = next;
  watchers.forEach((watcher) => watcher());
}

function parse(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

function open(): void {
  if (company === null || !wanted || source !== null || document.hidden) return;
  become("connecting");
  source = new EventSource(`/api/v1/stream?company=${encodeURIComponent(company)}`);
  source.addEventListener("hello", () => {
    // What happened since the last word was told to nobody, where the stream began anew.
    if (broken) tell({ kind: "reset", data: {} });
    broken = false;
    become("live");
    connection.set({ lost: false });
  });
  source.addEventListener("error", ended);
  for (const kind of LIVE_KINDS) {
    source.addEventListener(kind, (message: MessageEvent<string>) => {
      tell({ kind, data: parse(message.data) });
    });
  }
}

function tell(event: LiveEvent): void {
  listeners.forEach((listener) => listener(event));
}

/** The browser connects again by itself, but not after an answer that was no stream: then we do. */
function ended(): void {
  broken = true;
  if (source?.readyState === EventSource.CLOSED) {
    close("lost");
    setTimeout(open, AGAIN_MS);
  } else become("lost");
  // A stream may end for many reasons; only a server that does not answer is told.
  fetch("/healthz", { cache: "no-store" }).catch(() => connection.set({ lost: true }));
}

function close(next: LiveState): void {
  source?.close();
  source = null;
  become(next);
}

// A hidden tab holds no connection: browsers open six to a server at most, whatever the number of tabs.
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) {
    // Nothing was heard meanwhile.
    if (wanted) tell({ kind: "reset", data: {} });
    open();
  } else if (source !== null) close("off");
});

export const live = {
  get: (): LiveState => state,
  subscribe: (watcher: () => void): (() => void) => {
    watchers.add(watcher);
    return () => watchers.delete(watcher);
  },
  /** Follows a company, until another one is named or `null` ends it. */
  follow: (id: string | null): void => {
    // Every page that is opened says it again; a pause holds until somebody ends it, or another company is shown.
    if (id === company && id !== null) return wanted ? open() : undefined;
    close("off");
    company = id;
    wanted = id !== null;
    open();
  },
  pause: (): void => {
    wanted = false;
    close("paused");
  },
  resume: (): void => {
    wanted = true;
    tell({ kind: "reset", data: {} });
    open();
  },
  listen: (listener: (event: LiveEvent) => void): (() => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};

export function useLiveState(): LiveState {
  return useSyncExternalStore(live.subscribe, live.get);
}

/** Calls `listener` for each event of the stream while the component is there. */
export function useLive(listener: (event: LiveEvent) => void): void {
  // The stream is a thing outside React.
  useEffect(() => live.listen(listener), [listener]);
}

/** The first words of query keys that an event makes old; see each feature's queries.ts. */
const MADE_OLD: Record<LiveKind, readonly string[]> = {
  attempt: ["stats", "deliveries", "inboxes"],
  delivery: ["deliveries", "events", "stats"],
  endpoint: ["endpoints", "stats"],
  job: ["jobs"],
  skipped: ["deliveries", "events", "stats", "endpoints", "jobs"],
  reset: ["deliveries", "events", "stats", "endpoints", "jobs", "inboxes"],
};
/** Whatever happens in between is fetched at once, so that a busy company does not reload without end. */
const PACE_MS = 1_500;

/** Fetches again what is on the screen and was made old by what happens. */
export function useLiveQueries(): void {
  const client = useQueryClient();
  useEffect(() => {
    // A subscription to the stream, with its timer.
    const paced = pace(client);
    const end = live.listen(({ kind }) => paced.add(MADE_OLD[kind]));
    return () => {
      end();
      paced.stop();
    };
  }, [client]);
}

function pace(client: QueryClient): { add: (keys: readonly string[]) => void; stop: () => void } {
  const old = new Set<string>();
  let timer: ReturnType<typeof setTimeout> | null = null;
  const flush = (): void => {
    timer = null;
    for (const key of old) void client.invalidateQueries({ queryKey: [key] }, { cancelRefetch: false });
    old.clear();
  };
  return {
    add: (keys) => {
      keys.forEach((key) => old.add(key));
      timer ??= setTimeout(flush, PACE_MS);
    },
    stop: () => {
      if (timer !== null) clearTimeout(timer);
    },
  };
}
