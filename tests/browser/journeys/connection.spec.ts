import { expect, test } from "../fixtures.ts";

test("a lost connection shows, nothing goes blank, and it heals by itself", async ({ mine: page, company, stage, watch }) => {
  watch.allow(/net::ERR_|Failed to load resource/);
  const hook = stage.receiver.hook("/connection");
  await company.webhook({ url: hook.url, description: "CRM sync" });
  await page.goto("/webhooks");
  await expect(page.getByRole("link", { name: "CRM sync" }).first()).toBeVisible();
  await expect(page.getByRole("button", { name: /^Live\b/ })).toBeVisible();

  await stage.server.stop();
  const alert = page.getByRole("alert").filter({ hasText: /cannot be reached/ });
  await expect(alert).toBeVisible({ timeout: 20_000 });
  // What was there is still there.
  await expect(page.getByRole("link", { name: "CRM sync" }).first()).toBeVisible();
  await stage.server.start();
  await expect(alert).toBeHidden({ timeout: 20_000 });
  await expect(page.getByRole("button", { name: /^Live\b/ })).toBeVisible({ timeout: 20_000 });

  await test.step("and what happens afterwards shows without a reload", async () => {
    await company.webhook({ url: `${hook.url}/2`, description: "Made meanwhile" });
    await expect(page.getByRole("link", { name: "Made meanwhile" }).first()).toBeVisible({ timeout: 20_000 });
  });
});

test("a form that could not be sent keeps what was typed", async ({ mine: page, company, stage, watch }) => {
  watch.allow(/net::ERR_|Failed to load resource/);
  const webhook = await company.webhook({ url: stage.receiver.hook("/typed").url, description: "Shop" });
  await page.goto(`/webhooks/${webhook.id}/settings`);
  const name = page.getByRole("main").getByLabel("Name", { exact: true });
  await name.fill("Typed while the server was away");
  await stage.server.stop();
  await page.getByRole("button", { name: "Save changes" }).click();
  await expect(page.getByText(/cannot be reached/).first()).toBeVisible();
  await expect(name).toHaveValue("Typed while the server was away");
  await stage.server.start();
  await page.getByRole("button", { name: "Save changes" }).click();
  const stored = async (): Promise<string> => (await company.api.get<{ description: string }>(`/endpoints/${webhook.id}`)).description;
  await expect.poll(stored, { timeout: 20_000 }).toBe("Typed while the server was away");
});
