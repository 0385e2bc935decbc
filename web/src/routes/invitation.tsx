import { Button, Text } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { createFileRoute, Link, useLocation } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import type { Schemas } from "@/api/client";
import { ApiProblem } from "@/api/problem";
import { AuthCard } from "@/features/auth/AuthCard";
import { CodeForm } from "@/features/auth/CodeForm";
import { JoinAsMyself, JoinAsNew, JoinAsOther, JoinByLogin } from "@/features/auth/Join";
import { takeToken } from "@/features/auth/link-token";
import { invitedQuery, logOut, whoIsIn } from "@/features/auth/queries";
import { Refused } from "@/ui/Refused";
import { Time } from "@/ui/Time";
import { told } from "@/ui/toast";

export const Route = createFileRoute("/invitation")({ beforeLoad: takeToken, component: InvitationPage });

function InvitationPage() {
  const { t } = useTranslation("auth");
  const carried = useLocation({ select: (location) => location.state.linkToken });
  const [typed, setTyped] = useState<string>();
  const token = carried ?? typed;
  const [round, setRound] = useState(0);
  if (token === undefined) return <AuthCard title={t("invitation.title")} lead={t("code.lead")}><CodeForm onToken={setTyped} /></AuthCard>;
  return token === "" ? <Gone /> : <Invited key={`${token} ${round}`} token={token} onLoggedOut={() => setRound(round + 1)} />;
}

function Gone() {
  const { t } = useTranslation("auth");
  return (
    <AuthCard title={t("invitation.goneTitle")} lead={t("invitation.gone")} elsewhere={<Link className="hf-link" to="/login">{t("logIn")}</Link>}>
      <Text size="sm" c="dimmed">{t("invitation.goneUsed")}</Text>
    </AuthCard>
  );
}

/** The address of this page says nothing: what it shows is asked for here, and not by a loader. */
function Invited({ token, onLoggedOut }: { token: string; onLoggedOut: () => void }) {
  const { t } = useTranslation(["auth", "team", "common"]);
  const client = useQueryClient();
  const navigate = Route.useNavigate();
  const [gone, setGone] = useState(false);
  const invitation = useQuery(invitedQuery(token));
  const person = useQuery({ queryKey: ["who-is-in"], queryFn: () => whoIsIn(client), staleTime: 0 });
  if (gone || (invitation.error instanceof ApiProblem && invitation.error.status === 404)) return <Gone />;
  if (invitation.error) {
    return (
      <AuthCard title={t("invitation.title")}>
        <Refused message={invitation.error.message} />
        <Button onClick={() => void invitation.refetch()}>{t("common:retry")}</Button>
      </AuthCard>
    );
  }
  const invited = invitation.data;
  if (!invited || person.data === undefined) return <AuthCard title={t("invitation.title")}><Text c="dimmed" role="status">{t("common:loading")}</Text></AuthCard>;
  const joined = ({ company }: Schemas["AcceptedInvitationView"]): void => {
    told(t("invitation.joined", { company: company.name }));
    void navigate({ to: "/", search: { company: company.id }, replace: true });
  };
  const joining = { token, invited, onJoined: joined, onGone: () => setGone(true) };
  const email = person.data?.user.email;
  return (
    <AuthCard title={t("invitation.titleTo", { company: invited.company_name })} lead={<What invited={invited} />}>
      {email === undefined ? (
        invited.has_account ? <JoinByLogin {...joining} /> : <JoinAsNew {...joining} />
      ) : email.toLowerCase() === invited.email.toLowerCase() ? (
        <JoinAsMyself {...joining} />
      ) : (
        <JoinAsOther email={email} invited={invited} onLogOut={() => logOut(client).then(onLoggedOut)} />
      )}
    </AuthCard>
  );
}

function What({ invited }: { invited: Schemas["InvitedView"] }) {
  const { t } = useTranslation(["auth", "team"]);
  const role = isRole(invited.role) ? invited.role : null;
  return (
    <>
      {t("invitation.lead", { email: invited.email, company: invited.company_name, role: role ? t(`team:roles.${role}.name`) : invited.role })}
      {role && ` ${t(`team:youMay.${role}`)}`}
      <br />
      {t("invitation.ends")} <Time at={invited.expires_at} />.
    </>
  );
}

function isRole(role: string): role is Schemas["Role"] {
  return ["viewer", "developer", "admin", "owner"].includes(role);
}
