import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";

import { api, done, type Schemas, unwrap } from "@/api/client";
import { everyRow, PAGE_ROWS } from "@/api/pages";

export type Mail = Schemas["MailView"];
export type Address = Schemas["AddressView"];
export type Settings = Schemas["SettingsView"];
export type Choices = Schemas["MailChoices"];
export type Kind = Schemas["NoticeKind"];

const MAILS_MS = 10_000;
const AWAITED_MS = 1_000;

export const settingsQuery = queryOptions({
  queryKey: ["settings", "notifications"],
  queryFn: ({ signal }) => unwrap(api.GET("/api/v1/settings", { signal })),
});

export const choicesQuery = queryOptions({
  queryKey: ["settings", "choices"],
  queryFn: ({ signal }) => unwrap(api.GET("/api/v1/auth/me/notifications", { signal })),
});

/** The company's mails, the newest first; asked for while the page is in sight. */
export const mailsQuery = infiniteQueryOptions({
  queryKey: ["mails", "list"],
  queryFn: ({ pageParam, signal }) => unwrap(api.GET("/api/v1/mails", { params: { query: { limit: PAGE_ROWS, cursor: pageParam || undefined } }, signal })),
  initialPageParam: "",
  getNextPageParam: (page) => page.next_cursor ?? undefined,
  refetchInterval: MAILS_MS,
});

/** One mail, asked for until it is known what became of it. */
export const mailQuery = (id: string) =>
  queryOptions({
    queryKey: ["mails", "one", id],
    queryFn: ({ signal }) => unwrap(api.GET("/api/v1/mails/{id}", { params: { path: { id } }, signal })),
    refetchInterval: ({ state }) => (state.data?.state === "queued" && state.status !== "error" ? AWAITED_MS : false),
  });

/** Whom a test mail may go to beside oneself: members whose address is proved. Admins alone may know. */
export const provedMembersQuery = queryOptions({
  queryKey: ["members", "proved"],
  queryFn: async ({ signal }) => {
    const members = await everyRow<Schemas["MemberView"]>((cursor) => unwrap(api.GET("/api/v1/members", { params: { query: { limit: PAGE_ROWS, cursor } }, signal })));
    return members.filter(({ verified }) => verified).map(({ email }) => email);
  },
  staleTime: 60_000,
});

export const changeSettings = (body: Schemas["SettingsPatchBody"]): Promise<Settings> => unwrap(api.PATCH("/api/v1/settings", { body }));

export const changeChoices = (body: Choices): Promise<Schemas["MailChoicesView"]> => unwrap(api.PATCH("/api/v1/auth/me/notifications", { body }));

export const addAddress = (body: Schemas["NewAddressBody"]): Promise<Address> => unwrap(api.POST("/api/v1/settings/addresses", { body }));

export const changeAddress = (id: string, kinds: Kind[]): Promise<Address> =>
  unwrap(api.PATCH("/api/v1/settings/addresses/{id}", { params: { path: { id } }, body: { kinds } }));

export const removeAddress = (id: string): Promise<void> => done(api.DELETE("/api/v1/settings/addresses/{id}", { params: { path: { id } } }));

export const sendTestMail = (to: string | null): Promise<Schemas["TestMailView"]> => unwrap(api.POST("/api/v1/settings/test-mail", { body: { to } }));
