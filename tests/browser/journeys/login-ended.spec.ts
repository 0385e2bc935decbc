import type { Page } from "@playwright/test";

import { PASSWORD, expect, test } from "../fixtures.ts";

async function logIn(page: Page, email: string): Promise<void> {
  await page.getByLabel("Email").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Log in" }).click();
}

test("whoever is not logged in is asked, and comes where the link led", async ({ page, company }) => {
  await page.goto("/deliveries?state=exhausted&q=919876543210");
  await expect(page).toHaveURL(/\/login/);
  await page.getByLabel("Email").fill(company.email);
  await page.getByLabel("Password", { exact: true }).fill("not this one");
  await page.getByRole("button", { name: "Log in" }).click();
  await expect(page.getByRole("alert").first()).toBeVisible();
  await expect(page.getByLabel("Email")).toHaveValue(company.email);
  await logIn(page, company.email);
  await expect(page).toHaveURL(/\/deliveries\?.*state=exhausted/);
  await expect(page).toHaveURL(/q=(%22)?919876543210/);
});

test("the way back never leads to another site", async ({ page, company }) => {
  await page.goto(`/login?back=${encodeURIComponent("//evil.example/steal")}`);
  await logIn(page, company.email);
  await expect(page.getByRole("navigation", { name: "Pages" })).toBeVisible();
  expect(new URL(page.url()).hostname).toBe("127.0.0.1");
});

test("a login that ended asks again over the page, and nothing that was typed is lost", async ({ page, company, stage }) => {
  const hook = stage.receiver.hook("/ended");
  const webhook = await company.webhook({ url: hook.url, description: "Shop" });
  await page.goto("/login");
  await logIn(page, company.email);
  await expect(page.getByRole("navigation", { name: "Pages" })).toBeVisible();
  await page.goto(`/webhooks/${webhook.id}/settings`);
  const name = page.getByRole("main").getByLabel("Name", { exact: true });
  await name.fill("Shop, renamed while the login ended");

  // Ended from elsewhere: "log out everywhere else".
  const logins = await company.api.all<{ id: string; current: boolean }>("/auth/logins");
  for (const { id, current } of logins) if (!current) await company.api.delete(`/auth/logins/${id}`);
  await page.getByRole("button", { name: "Save changes" }).click();
  const dialog = page.getByRole("dialog", { name: "Your login has ended" });
  await expect(dialog).toBeVisible();
  await dialog.getByLabel("Password", { exact: true }).fill("a wrong one");
  await dialog.getByRole("button", { name: "Log in" }).click();
  await expect(dialog.getByRole("alert")).toBeVisible();
  await dialog.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await dialog.getByRole("button", { name: "Log in" }).click();
  await expect(dialog).toBeHidden();
  await expect(page).toHaveURL(new RegExp(`/webhooks/${webhook.id}/settings`));
  await expect(name).toHaveValue("Shop, renamed while the login ended");
  await page.getByRole("button", { name: "Save changes" }).click();
  const stored = async (): Promise<string> => (await company.api.get<{ description: string }>(`/endpoints/${webhook.id}`)).description;
  await expect.poll(stored).toBe("Shop, renamed while the login ended");
});
