import type { Api, Schemas } from "../api.ts";
import type { Mailbox } from "../mailbox.ts";
import { COLLEAGUES, COMPANY, EMPTY_COMPANY, EMPTY_OWNER, INVITED, OWNER } from "./cast.ts";

const tokenOf = (link: string): string => decodeURIComponent(link.split("#token=")[1] ?? "");

/** The company, its owner (whose address is proved), and colleagues in each role. */
export async function makeCompany(anybody: Api, mailbox: Mailbox): Promise<Api> {
  const owner = await anybody.signUp({ company: COMPANY, ...OWNER });
  const link = await mailbox.linkTo(OWNER.email, /./);
  await anybody.post("/auth/verify-email", { token: tokenOf(link) });
  for (const { name, email, role } of COLLEAGUES) {
    await owner.post("/invitations", { email, role });
    const invitation = await mailbox.linkTo(email, /./);
    await anybody.accept(tokenOf(invitation), name);
  }
  return owner;
}

/** Invitations that are open or were taken back. */
export async function invite(owner: Api): Promise<void> {
  for (const invited of INVITED) await owner.post("/invitations", invited);
  const wrong = await owner.post<Schemas["InvitationView"]>("/invitations", { email: "lukas@acme.example", role: "viewer" });
  await owner.delete(`/invitations/${wrong.id}`);
}

/** A company in which nothing has happened; the owner of the other one is in it too. */
export async function makeEmptyCompany(anybody: Api, mailbox: Mailbox): Promise<void> {
  const { name, email } = EMPTY_OWNER;
  const owner = await anybody.signUp({ company: EMPTY_COMPANY, name, email });
  await owner.post("/invitations", { email: OWNER.email, role: "admin" });
  const link = await mailbox.linkTo(OWNER.email, /Nordlicht/);
  const priya = await anybody.logIn(OWNER.email);
  await priya.post("/invitations/accept", { token: tokenOf(link) });
}

/** API tokens: at work, never used, about to end, revoked. */
export async function makeTokens(owner: Api, now: Date): Promise<void> {
  const later = (days: number): string => new Date(now.getTime() + days * 86_400_000).toISOString();
  const make = (body: Schemas["NewTokenBody"]): Promise<Schemas["TokenView"]> => owner.post("/tokens", body);
  const shop = await make({ name: "Shop (production)", scopes: ["events:write", "events:read"] });
  await make({ name: "Terraform", scopes: ["admin"], expires_at: later(30) });
  await make({ name: "Grafana – read only", scopes: ["deliveries:read", "endpoints:read", "events:read"] });
  await make({ name: "سكربت الترحيل من Wati, one-off migration of March, please keep until the audit is over", scopes: ["endpoints:write"], expires_at: later(2) });
  const old = await make({ name: "CI, leaked in a log", scopes: ["events:write", "deliveries:write"] });
  await owner.delete(`/tokens/${old.id}`);
  if (typeof shop.token === "string") await owner.with({ token: shop.token }).get("/auth/me");
}

/** Settings that somebody has touched. */
export async function settle(owner: Api, mailbox: Mailbox): Promise<void> {
  await owner.patch("/settings", {
    time_zone: "Asia/Kolkata",
    endpoint_defaults: { timeout_ms: 8000 },
    notifications: { quiet_hours: { from: "22:00", to: "07:00" }, roles: { endpoint_warning: ["owner", "admin", "developer"] } },
  });
  const add = (email: string): Promise<unknown> => owner.post("/settings/addresses", { email });
  await add("oncall@acme.example");
  await add("monitoring-of-all-integrations@operations.acme.example");
  const link = await mailbox.linkTo("oncall@acme.example", /./);
  await owner.post("/settings/addresses/confirm", { token: decodeURIComponent(link.split("/").pop() ?? "") });
  await owner.post("/settings/test-mail", {});
}
