import { createFileRoute, redirect } from "@tanstack/react-router";

/** Where links in mails lead: mails say "endpoint", as the REST API does. */
export const Route = createFileRoute("/_app/endpoints/$id")({
  beforeLoad: ({ params }) => {
    throw redirect({ to: "/webhooks/$id", params, replace: true });
  },
});
