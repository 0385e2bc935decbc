import { type QueryKey, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";

import { live } from "./live";

const PACE_MS = 400;

/**
 * Fetches again what is about one thing when the stream tells of just that thing: `id` is a delivery's or an event's.
 * Its key does not begin with a word that every change makes old, for it may be big.
 */
export function useLiveAbout(id: string, queryKey: QueryKey): void {
  const client = useQueryClient();
  const key = JSON.stringify(queryKey);
  useEffect(() => {
    // A subscription to the stream, with its timer.
    let timer: ReturnType<typeof setTimeout> | null = null;
    const end = live.listen(({ kind, data }) => {
      const about = kind === "reset" || kind === "skipped" || [data.id, data.delivery_id, data.event_id].includes(id);
      if (about) timer ??= setTimeout(() => {
        timer = null;
        const parsed: QueryKey = JSON.parse(key);
        void client.invalidateQueries({ queryKey: parsed });
      }, PACE_MS);
    });
    return () => {
      end();
      if (timer !== null) clearTimeout(timer);
    };
  }, [client, id, key]);
}
