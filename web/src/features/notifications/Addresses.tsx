import { Group, Stack, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { ActionButton } from "@/ui/ActionButton";
import { Confirm } from "@/ui/Confirm";
import { Chip, type Tone } from "@/ui/StatusChip";
import { failed, told } from "@/ui/toast";

import { AddAddress } from "./AddAddress";
import { KindBoxes } from "./KindBoxes";
import { isKind } from "./mail";
import { Part } from "./Part";
import { addAddress, type Address, changeAddress, type Kind, removeAddress } from "./queries";

const TONES = { unproved: "wait", proved: "good", stopped: "off" } as const satisfies Record<string, Tone>;

function isState(state: string): state is keyof typeof TONES {
  return state in TONES;
}

/** Addresses that are nobody's account. */
export function Addresses({ addresses, reason, onChanged }: { addresses: readonly Address[]; reason: string | null; onChanged: () => void }) {
  const { t } = useTranslation("notifications");
  const [removing, setRemoving] = useState<Address | null>(null);
  const remove = useMutation({
    mutationFn: ({ id }: Address) => removeAddress(id),
    onSuccess: (_, { email }) => {
      told(t("addresses.removed", { email }));
      setRemoving(null);
      onChanged();
    },
  });
  return (
    <Part title={t("addresses.title")} hint={t("addresses.hint")}>
      {addresses.length === 0 && <Text size="sm">{t("addresses.none")}</Text>}
      {addresses.map((address) => <Row key={address.id} address={address} reason={reason} onChanged={onChanged} onRemove={() => setRemoving(address)} />)}
      <AddAddress reason={reason} onAdded={onChanged} />
      <Confirm
        opened={removing !== null}
        title={t("addresses.removeTitle", { email: removing?.email ?? "" })}
        action={t("addresses.remove")}
        error={remove.error?.message}
        busy={remove.isPending}
        onConfirm={() => removing !== null && remove.mutate(removing)}
        onClose={() => setRemoving(null)}
      >
        {t("addresses.removeText")}
      </Confirm>
    </Part>
  );
}

type RowProps = { address: Address; reason: string | null; onChanged: () => void; onRemove: () => void };

function Row({ address, reason, onChanged, onRemove }: RowProps) {
  const { t } = useTranslation("notifications");
  const saved = (): void => {
    told(t("addresses.saved"));
    onChanged();
  };
  const change = useMutation({ mutationFn: (kinds: Kind[]) => changeAddress(address.id, kinds), onSuccess: saved, onError: failed });
  const again = useMutation({
    mutationFn: () => addAddress({ email: address.email, kinds: address.kinds.filter(isKind) }),
    onSuccess: () => told(t("addresses.added", { email: address.email })),
    onError: failed,
  });
  return (
    <Stack gap="xs" pb="sm" style={{ borderBottom: "1px solid var(--hf-line)" }}>
      <Group gap="xs" justify="space-between">
        <Group gap="xs">
          <Text size="sm" fw={600} style={{ overflowWrap: "anywhere" }}>{address.email}</Text>
          {isState(address.state) ? <Chip tone={TONES[address.state]}>{t(`addresses.state.${address.state}`)}</Chip> : address.state}
        </Group>
        <Group gap="xs">
          {address.state === "unproved" && <ActionButton size="compact-xs" variant="default" loading={again.isPending} reason={reason} onClick={() => again.mutate()}>{t("addresses.again")}</ActionButton>}
          <ActionButton size="compact-xs" variant="default" reason={reason} onClick={onRemove}>{t("addresses.remove")}<span className="hf-ear"> {address.email}</span></ActionButton>
        </Group>
      </Group>
      <KindBoxes label={`${t("addresses.kinds")}: ${address.email}`} kinds={address.kinds.filter(isKind)} disabled={reason !== null || change.isPending} onChange={(kinds) => change.mutate(kinds)} />
    </Stack>
  );
}
