import { useSyncExternalStore } from "react";

const listeners = new Map<number, Set<() => void>>();
const moments = new Map<number, number>();

function subscribeTo(periodMs: number) {
  return (listener: () => void): (() => void) => {
    const set = listeners.get(periodMs) ?? new Set();
    if (set.size === 0) {
      const timer = setInterval(() => {
        moments.set(periodMs, Date.now());
        set.forEach((each) => each());
        if (set.size === 0) clearInterval(timer);
      }, periodMs);
      moments.set(periodMs, Date.now());
    }
    set.add(listener);
    listeners.set(periodMs, set);
    return () => set.delete(listener);
  };
}

const everySecond = subscribeTo(1_000);
const everyTenSeconds = subscribeTo(10_000);
const read = (periodMs: number) => (): number => {
  if (!moments.has(periodMs)) moments.set(periodMs, Date.now());
  return moments.get(periodMs) ?? 0;
};
const readSecond = read(1_000);
const readTenSeconds = read(10_000);

/** The time, in milliseconds, from one timer for the whole page. */
export function useNow(every: "second" | "ten-seconds"): number {
  return useSyncExternalStore(
    every === "second" ? everySecond : everyTenSeconds,
    every === "second" ? readSecond : readTenSeconds,
  );
}
