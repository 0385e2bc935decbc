import { useQueryClient } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";

import { useConnection } from "@/api/connection";
import { told } from "@/ui/toast";

/** Fetches everything again once the server is back, or a login that had ended goes on: also pages that had failed. */
export function useHealing(): void {
  const { t } = useTranslation("frame");
  const client = useQueryClient();
  const router = useRouter();
  const { lost, loggedOut } = useConnection();
  const before = useRef({ lost, loggedOut });
  useEffect(() => {
    // Only the way back matters, whoever noticed it.
    const back = before.current.lost && !lost;
    const inAgain = before.current.loggedOut && !loggedOut;
    before.current = { lost, loggedOut };
    if (!back && !inAgain) return;
    if (back) told(t("found"));
    void client.invalidateQueries().then(() => router.invalidate());
  }, [lost, loggedOut, client, router, t]);
}
