import { createFileRoute } from "@tanstack/react-router";

import { Page } from "@/ui/Page";

export const Route = createFileRoute("/signup")({ component: SignUpPage });

function SignUpPage() {
  return <Page title="Sign up">{null}</Page>;
}
