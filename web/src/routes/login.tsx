import { createFileRoute } from "@tanstack/react-router";
import * as z from "zod/mini";

import { Page } from "@/ui/Page";

export const Route = createFileRoute("/login")({ validateSearch: z.object({ back: z.optional(z.string()) }), component: LoginPage });

function LoginPage() {
  return <Page title="Log in">{null}</Page>;
}
