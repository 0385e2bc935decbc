import { account } from "./account";
import { audit } from "./audit";
import { auth } from "./auth";
import { common } from "./common";
import { deliveries } from "./deliveries";
import { errors } from "./errors";
import { events } from "./events";
import { eventTypes } from "./eventTypes";
import { frame } from "./frame";
import { inboxes } from "./inboxes";
import { jobs } from "./jobs";
import { notifications } from "./notifications";
import { lists } from "./lists";
import { overview } from "./overview";
import { settings } from "./settings";
import { sources } from "./sources";
import { start } from "./start";
import { team } from "./team";
import { tokens } from "./tokens";
import { verify } from "./verify";
import { webhook } from "./webhook";
import { webhooks } from "./webhooks";

/** One file a part of the dashboard; its name is the namespace. */
export const resources = {
  account,
  audit,
  auth,
  common,
  deliveries,
  errors,
  events,
  eventTypes,
  frame,
  inboxes,
  notifications,
  jobs,
  lists,
  overview,
  settings,
  sources,
  start,
  team,
  tokens,
  verify,
  webhook,
  webhooks,
} as const;
