import { type QueryClient, queryOptions } from "@tanstack/react-query";

import { api, done, type Schemas, setCompany, unwrap } from "@/api/client";
import { connection } from "@/api/connection";
import { live } from "@/api/live";
import { type Me, meQuery } from "@/api/me";

type Login = Schemas["LoginBody"];

/** Who is logged in, asked afresh; `null` for nobody, and where the server does not say. */
export async function whoIsIn(client: QueryClient): Promise<Me | null> {
  return client.fetchQuery({ ...meQuery, staleTime: 0, retry: false }).catch(() => null);
}

/** Another person may be in: nothing that was read before is theirs. */
function anotherPerson(client: QueryClient): void {
  live.follow(null);
  setCompany(null);
  client.clear();
  connection.set({ loggedOut: false });
}

export async function logIn(client: QueryClient, login: Login): Promise<void> {
  await unwrap(api.POST("/api/v1/auth/login", { body: login }));
  anotherPerson(client);
}

export async function logOut(client: QueryClient): Promise<void> {
  await done(api.POST("/api/v1/auth/logout"));
  anotherPerson(client);
}

/** A new company and its owner, who is in from then on. */
export async function signUp(client: QueryClient, person: Schemas["SignUpBody"]): Promise<Schemas["SignedUpView"]> {
  const answer = await unwrap(api.POST("/api/v1/auth/signup", { body: person }));
  anotherPerson(client);
  return answer;
}

export const askForReset = (email: string): Promise<void> => done(api.POST("/api/v1/auth/password-reset", { body: { email } }));

/** Chooses a new password by a mailed link, and logs in by it. The answer: whether that worked as well. */
export async function resetPassword(client: QueryClient, choice: Schemas["PasswordBody"]): Promise<boolean> {
  const { email } = await unwrap(api.POST("/api/v1/auth/password-reset/confirm", { body: choice }));
  return logIn(client, { email, password: choice.password }).then(() => true, () => false);
}

export const verifyEmail = (token: string): Promise<Schemas["UserView"]> => unwrap(api.POST("/api/v1/auth/verify-email", { body: { token } }));

export const sendVerification = (): Promise<void> => done(api.POST("/api/v1/auth/verify-email/send"));

export const confirmEmail = (token: string): Promise<Schemas["UserView"]> => unwrap(api.POST("/api/v1/auth/email/confirm", { body: { token } }));

/** What an invitation's link is for. */
export const invitedQuery = (token: string) =>
  queryOptions({
    queryKey: ["invited", token],
    queryFn: ({ signal }) => unwrap(api.POST("/api/v1/invitations/show", { body: { token }, signal })),
    retry: false,
    // While somebody types their name it stays what it is.
    staleTime: Infinity,
  });

type Accepted = Schemas["AcceptedInvitationView"];

async function accept(client: QueryClient, body: Schemas["AcceptInvitationBody"]): Promise<Accepted> {
  const accepted = await unwrap(api.POST("/api/v1/invitations/accept", { body }));
  anotherPerson(client);
  return accepted;
}

/** Comes in as whoever is logged in. */
export const acceptAsMyself = (client: QueryClient, token: string): Promise<Accepted> => accept(client, { token });

/** Comes in as somebody new. A cookie whose login has ended would say otherwise: it goes first. */
export async function acceptAsNew(client: QueryClient, body: Schemas["AcceptInvitationBody"]): Promise<Accepted> {
  await done(api.POST("/api/v1/auth/logout"));
  return accept(client, body);
}

/** Logs in with the address that was invited, and comes in. */
export async function acceptByLogin(client: QueryClient, token: string, login: Login): Promise<Accepted> {
  await unwrap(api.POST("/api/v1/auth/login", { body: login }));
  return accept(client, { token });
}
