import type { Page } from "@playwright/test";

import { expect, test } from "../fixtures.ts";

test.use({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });

async function fits(page: Page): Promise<void> {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(wide, `${page.url()} scrolls sideways`).toBeLessThanOrEqual(0);
}

test("on a phone: what is wrong, which message, and a sample to try", async ({ mine: page, company, stage }) => {
  const broken = stage.receiver.hook("/phone-broken").answers({ status: 500 });
  const fine = stage.receiver.hook("/phone-fine");
  await company.webhook({ url: `${broken.url}/with/a/path/that/is/longer/than/any/phone/is/wide/and/has/no/place/to/break?tenant=acme`, description: "Billing" });
  const crm = await company.webhook({ url: fine.url, description: "CRM sync – متجر الأناقة في الرياض" });
  await company.event();
  await fine.got(1);

  await page.goto("/");
  await fits(page);
  const menu = page.getByRole("button", { name: "Menu" });
  await menu.tap();
  await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Webhooks" }).tap();
  await expect(page.getByRole("heading", { level: 1, name: "Webhooks" })).toBeVisible();
  // The menu has gone away with the page that it led to.
  await expect(page.getByRole("navigation", { name: "Pages" })).toBeHidden();
  await expect(page.getByText("Billing").first()).toBeVisible();
  await fits(page);

  await page.getByRole("link", { name: /CRM sync/ }).first().tap();
  await expect(page).toHaveURL(new RegExp(crm.id));
  await fits(page);
  await page.getByRole("button", { name: "Trigger sample callback" }).first().tap();
  const dialog = page.getByRole("dialog", { name: "Trigger sample callback" });
  await dialog.getByRole("button", { name: "Send", exact: true }).tap();
  await expect(dialog.getByText(/200 OK/).first()).toBeVisible();
  await fits(page);

  await page.goto("/deliveries?q=919876543210");
  await expect(page.getByRole("listitem").first()).toBeVisible();
  await fits(page);
  const delivered = page.getByRole("main").getByRole("listitem").filter({ hasText: "Delivered" }).first();
  await delivered.getByRole("link").first().tap();
  await expect(page.getByText(/200/).first()).toBeVisible();
  await fits(page);
});
