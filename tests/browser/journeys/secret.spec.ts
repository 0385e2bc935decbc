import { createHmac } from "node:crypto";

import type { Schemas } from "../lib/api.ts";
import { expect, test } from "../fixtures.ts";
import type { Received } from "../lib/receiver.ts";

/** What a receiver that has this secret expects in `webhook-signature`. */
function signature(secret: string, { headers, body }: Received): string {
  const key = Buffer.from(secret.slice("whsec_".length), "base64");
  const signed = `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`;
  return `v1,${createHmac("sha256", key).update(signed).digest("base64")}`;
}

test("a secret is rotated: both sign while they overlap, and nothing is refused in between", async ({ mine: page, company, stage }) => {
  const hook = stage.receiver.hook("/rotation");
  const webhook = await company.webhook({ url: hook.url, description: "Shop" });
  const old = webhook.secret ?? "";

  await page.goto(`/webhooks/${webhook.id}`);
  await page.getByRole("link", { name: "Secret" }).click();
  const main = page.getByRole("main");
  const reveal = main.getByRole("button", { name: "Show the secret" });
  await expect(reveal).toBeVisible();
  const field = main.getByLabel("For Standard Webhooks libraries (whsec_…)").first();
  await expect(field).toHaveCount(0);
  expect(await page.content()).not.toContain(old);
  await reveal.click();
  await expect(field).toHaveValue(old);

  await main.getByRole("button", { name: "Rotate…" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog).toBeVisible();
  await dialog.getByRole("button", { name: "Rotate secret" }).click();
  await expect(dialog).toBeHidden();
  const now = await company.api.get<Schemas["SecretsView"]>(`/endpoints/${webhook.id}/secret`);
  expect(now.secret).not.toBe(old);
  expect(now.previous.map(({ secret }) => secret)).toEqual([old]);
  await expect(field).toHaveValue(now.secret);
  await expect(main.getByText(/signs beside it until/).first()).toBeVisible();

  await company.event();
  const [request] = await hook.got(1);
  const signatures = request?.headers["webhook-signature"]?.split(" ") ?? [];
  expect(signatures).toHaveLength(2);
  for (const secret of [old, now.secret]) expect(signatures).toContain(request && signature(secret, request));

  await test.step("who revealed and who rotated is written down", async () => {
    await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Audit log" }).click();
    await expect(page.getByRole("main").getByText(/rotat/i).first()).toBeVisible();
  });
});
