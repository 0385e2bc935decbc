import { Text } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { createFileRoute, Link, redirect } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import * as z from "zod/mini";

import { installationQuery } from "@/api/installation";
import { AuthCard } from "@/features/auth/AuthCard";
import { ownPath } from "@/features/auth/back";
import { LoginForm } from "@/features/auth/LoginForm";
import { logIn, whoIsIn } from "@/features/auth/queries";

export const Route = createFileRoute("/login")({
  validateSearch: z.object({ back: z.optional(z.catch(z.string(), "")) }),
  beforeLoad: async ({ context, search, preload }) => {
    if (!preload && (await whoIsIn(context.queryClient)) !== null) throw redirect({ href: ownPath(search.back) ?? "/", replace: true });
  },
  // Whether one can sign up; a login does not fail for want of it.
  loader: ({ context }) => context.queryClient.prefetchQuery({ ...installationQuery, retry: false }),
  component: LoginPage,
});

function LoginPage() {
  const { t } = useTranslation("auth");
  const client = useQueryClient();
  const navigate = Route.useNavigate();
  const { data: rules } = useQuery(installationQuery);
  const back = ownPath(Route.useSearch().back);
  return (
    <AuthCard
      title={t("login.title")}
      lead={back !== null && back !== "/" ? t("login.ended") : undefined}
      elsewhere={rules?.sign_up === false ? t("login.closed") : <>{t("login.noAccount")} <Link className="hf-link" to="/signup">{t("signUp.title")}</Link></>}
    >
      <LoginForm action={t("logIn")} onSubmit={(login) => logIn(client, login)} onDone={() => void navigate({ href: back ?? "/", replace: true })} />
      <Text size="sm"><Link className="hf-link" to="/reset-password">{t("login.forgot")}</Link></Text>
    </AuthCard>
  );
}
