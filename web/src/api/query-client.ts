import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";

import { ApiProblem, isLoggedOut, Unreachable } from "./problem";
import { connection } from "./connection";

/** Tries again where waiting may help: no answer, or the server says that it is busy. Never what was refused. */
function retry(count: number, error: unknown): boolean {
  if (error instanceof Unreachable) return count < 2;
  return error instanceof ApiProblem && (error.status === 429 || error.status >= 502) && count < 3;
}

function heard(error: unknown): void {
  if (isLoggedOut(error)) connection.set({ loggedOut: true });
  else if (error instanceof Unreachable) connection.set({ lost: true });
}

export function createQueryClient(): QueryClient {
  return new QueryClient({
    queryCache: new QueryCache({ onError: heard, onSuccess: () => connection.set({ lost: false }) }),
    mutationCache: new MutationCache({ onError: heard }),
    defaultOptions: {
      queries: { retry, staleTime: 5_000, refetchOnWindowFocus: true, networkMode: "always" },
      // Secrets that were revealed or made, and passwords, are not kept once the form or dialog is gone.
      mutations: { retry: false, networkMode: "always", gcTime: 0 },
    },
  });
}
