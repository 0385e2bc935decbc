import { Button, Skeleton, Stack } from "@mantine/core";
import { useQueryErrorResetBoundary } from "@tanstack/react-query";
import { type ErrorComponentProps, Link, useRouter } from "@tanstack/react-router";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";

import { ApiProblem, Unreachable } from "@/api/problem";
import { EmptyState } from "@/ui/EmptyState";

/** While a page's data is on its way: the shape of a page, so that nothing jumps. */
export function PagePending() {
  const { t } = useTranslation(["common", "errors"]);
  return (
    <Stack p="lg" gap="md" aria-busy aria-label={t("loading")} role="status">
      <Skeleton h={28} w={240} />
      <Skeleton h={16} w={360} />
      <Skeleton h={240} />
    </Stack>
  );
}

/** What a page shows instead of itself: what is wrong, and what to do. */
export function PageError({ error, reset }: ErrorComponentProps) {
  const { t } = useTranslation(["common", "errors"]);
  const router = useRouter();
  const boundary = useQueryErrorResetBoundary();
  // The boundary keeps failed queries until it is told.
  useEffect(() => boundary.reset(), [boundary]);
  const again = (
    <Button onClick={() => { reset(); void router.invalidate(); }}>{t("retry")}</Button>
  );
  if (error instanceof Unreachable) {
    return <Padded title={t("errors:title")} hint={`${t("errors:unreachable")} ${t("errors:unreachableHint")}`} action={again} />;
  }
  if (error instanceof ApiProblem && error.status === 404) return <NotFound />;
  if (error instanceof ApiProblem && error.status === 403) {
    return <Padded title={t("errors:forbidden")} hint={t("errors:forbiddenHint")} action={<Home />} />;
  }
  if (error instanceof ApiProblem && (error.status === 429 || error.status === 503)) {
    return <Padded title={t("errors:busy")} hint={error.retryAfter === null ? t("errors:busySoon") : t("errors:busyHint", { seconds: error.retryAfter })} action={again} />;
  }
  return <Padded title={t("errors:title")} hint={error instanceof Error ? error.message : String(error)} action={again} />;
}

/** The same where no page is: it stands alone, without the frame. */
export function NoSuchPage() {
  return <main><NotFound /></main>;
}

export function NotFound() {
  const { t } = useTranslation(["common", "errors"]);
  return <Padded title={t("errors:notFound")} hint={t("errors:notFoundHint")} action={<Home />} />;
}

function Home() {
  const { t } = useTranslation(["common", "errors"]);
  return <Link className="hf-link" to="/">{t("errors:backHome")}</Link>;
}

function Padded({ title, hint, action }: { title: string; hint: string; action: React.ReactNode }) {
  return (
    <Stack p="lg" maw={720} mx="auto" w="100%" mt="xl">
      <EmptyState title={title} actions={action} isPage>{hint}</EmptyState>
    </Stack>
  );
}
