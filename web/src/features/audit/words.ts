import { useTranslation } from "react-i18next";

import { audit } from "@/texts/en/audit";

import type { Actors } from "./queries";

type Known = keyof typeof audit.action;
const KNOWN = new Map<string, Known>();
for (const key in audit.action) if (isKey(key)) KNOWN.set(dotted(key), key);

function isKey(key: string): key is Known {
  return key in audit.action;
}

/** `event_type_created` is the action `event_type.created`: only the noun's own underscore stays one. */
function dotted(key: string): string {
  return key.startsWith("event_type_") ? key.replace("event_type_", "event_type.") : key.replace("_", ".");
}

/** Every action that has words of its own. */
export const ACTIONS: readonly string[] = [...KNOWN.keys()];

/** An action in words; one that is newer than these texts as it is. */
export function useActionText(): (action: string) => string {
  const { t } = useTranslation("audit");
  return (action) => {
    const key = KNOWN.get(action);
    return key === undefined ? action : t(`action.${key}`);
  };
}

/** Who acted, in words; whoever is there no more by their id. */
export function useActorText(actors: Actors, me: string): (actor: string) => string {
  const { t } = useTranslation("audit");
  const people = new Map(actors.people.map(({ id, name }) => [id, name]));
  const tokens = new Map(actors.tokens.map(({ id, name }) => [id, name]));
  return (actor) => {
    if (actor === "cli" || actor === "operator") return t(`actor.${actor}`);
    const person = people.get(actor);
    if (person !== undefined) return actor === me ? t("actor.you", { name: person }) : person;
    if (actor.startsWith("tok_")) return t("actor.token", { name: tokens.get(actor) ?? actor });
    if (actor.startsWith("src_")) return t("actor.source", { id: actor });
    if (actor.startsWith("addr_")) return t("actor.address");
    return actor;
  };
}
