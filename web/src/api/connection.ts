import { useSyncExternalStore } from "react";

/** Whether the server can be reached and knows this person, as the last answers said. */
export type Connection = { lost: boolean; loggedOut: boolean };

let state: Connection = { lost: false, loggedOut: false };
const listeners = new Set<() => void>();

export const connection = {
  get: (): Connection => state,
  set: (change: Partial<Connection>): void => {
    const next = { ...state, ...change };
    if (next.lost === state.lost && next.loggedOut === state.loggedOut) return;
    state = next;
    listeners.forEach((listener) => listener());
  },
  subscribe: (listener: () => void): (() => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};

export function useConnection(): Connection {
  return useSyncExternalStore(connection.subscribe, connection.get);
}
