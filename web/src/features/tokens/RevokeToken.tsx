import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";

import { Confirm } from "@/ui/Confirm";
import { Time } from "@/ui/Time";
import { told } from "@/ui/toast";

import { revokeToken, type Token } from "./queries";

export function RevokeToken({ token, onClose }: { token: Token | null; onClose: () => void }) {
  const { t } = useTranslation("tokens");
  const client = useQueryClient();
  const revoke = useMutation({
    mutationFn: (id: string) => revokeToken(id),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ["tokens"] });
      told(t("revoke.done"));
      onClose();
    },
  });
  return (
    <Confirm
      opened={token !== null}
      title={t("revoke.title", { name: token?.name ?? "" })}
      action={t("revoke.confirm")}
      error={revoke.error?.message}
      busy={revoke.isPending}
      onConfirm={() => token !== null && revoke.mutate(token.id)}
      onClose={() => {
        revoke.reset();
        onClose();
      }}
    >
      {t("revoke.text", { hint: token?.hint ?? "" })} {token?.last_used_at ? <>{t("revoke.used")} <Time at={token.last_used_at} />.</> : t("revoke.unused")}
    </Confirm>
  );
}
