import { Alert, Button, Group, Modal, Select, Stack, Text, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import type { Endpoint } from "@/api/endpoints";

import { faultsWithin, restOf } from "./json-faults";
import { rotateSecret, type Secrets } from "./queries";

const OVERLAPS = ["0", "3600", "86400", "259200", "604800"] as const;
const USUAL_OVERLAP = "86400";

type Props = { endpoint: Endpoint; onDone: (secrets: Secrets) => void; onClose: () => void };

/** Gives a webhook another secret, with a time in which both sign. */
export function RotateDialog({ opened, ...form }: Props & { opened: boolean }) {
  const { t } = useTranslation("webhook");
  return (
    <Modal opened={opened} onClose={form.onClose} closeOnClickOutside={false} title={t("secret.rotateTitle")}>
      <RotateForm {...form} />
    </Modal>
  );
}

function RotateForm({ endpoint, onDone, onClose }: Props) {
  const { t } = useTranslation(["webhook", "common"]);
  const [overlap, setOverlap] = useState<(typeof OVERLAPS)[number]>(USUAL_OVERLAP);
  const [own, setOwn] = useState("");
  const rotate = useMutation({ mutationFn: () => rotateSecret(endpoint.id, Number(overlap), own === "" ? null : own), onSuccess: onDone });
  const rest = restOf(rotate.error, ["secret", "overlap_seconds"]);
  return (
    <form onSubmit={(event) => { event.preventDefault(); rotate.mutate(); }}>
      <Stack>
        <Select
          label={t("secret.overlap")}
          data={OVERLAPS.map((value) => ({ value, label: t(`secret.overlaps.${value}`) }))}
          value={overlap}
          allowDeselect={false}
          openOnFocus={false}
          onChange={(value) => setOverlap(OVERLAPS.find((each) => each === value) ?? USUAL_OVERLAP)}
          error={faultsWithin(rotate.error, "overlap_seconds")[0]?.detail}
          data-autofocus
        />
        <Text size="sm" c={overlap === "0" ? "var(--hf-bad)" : undefined}>{t(overlap === "0" ? "secret.rotateNow" : "secret.rotateEffect")}</Text>
        <TextInput label={t("secret.own")} description={t("secret.ownHint")} value={own} onChange={(event) => setOwn(event.currentTarget.value)} autoComplete="off" spellCheck={false} error={faultsWithin(rotate.error, "secret")[0]?.detail} />
        {rest !== null && <Alert color="red" variant="light" role="alert">{rest}</Alert>}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>{t("common:cancel")}</Button>
          <Button type="submit" color={overlap === "0" ? "red.8" : undefined} loading={rotate.isPending}>{t("secret.rotateAction")}</Button>
        </Group>
      </Stack>
    </form>
  );
}
