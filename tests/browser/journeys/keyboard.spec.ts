import type { Locator, Page } from "@playwright/test";

import { PASSWORD, expect, test } from "../fixtures.ts";

/** Tabs on until the focus is there: whoever has no mouse does no more. */
async function tabTo(page: Page, target: Locator, what: string): Promise<void> {
  for (let presses = 0; presses < 80; presses += 1) {
    if (await target.evaluate((element) => element === document.activeElement || element.contains(document.activeElement)).catch(() => false)) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`the focus never comes to ${what}`);
}

test("by keyboard alone: log in, find a webhook, send a sample, and pause it", async ({ page, company, stage }) => {
  const hook = stage.receiver.hook("/keyboard");
  const webhook = await company.webhook({ url: hook.url, description: "Billing desk" });

  await page.goto("/login");
  await tabTo(page, page.getByLabel("Email"), "the address");
  await page.keyboard.type(company.email);
  await tabTo(page, page.getByLabel("Password", { exact: true }), "the password");
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await expect(page.getByRole("navigation", { name: "Pages" })).toBeVisible();

  await test.step("the first Tab leads past the navigation", async () => {
    await page.reload();
    await expect(page.getByRole("navigation", { name: "Pages" })).toBeVisible();
    await page.keyboard.press("Tab");
    await expect(page.getByRole("link", { name: "Skip to the page" })).toBeFocused();
    await page.keyboard.press("Enter");
    await expect(page.getByRole("main")).toBeFocused();
  });

  await test.step("/ searches everything", async () => {
    await page.keyboard.press("/");
    const search = page.getByPlaceholder(/ids, wamids/i);
    await expect(search).toBeFocused();
    await page.keyboard.type("billing");
    await expect(page.getByText("Billing desk").first()).toBeVisible();
    // What is called so comes first: Enter is enough.
    await page.keyboard.press("Enter");
    await expect(page).toHaveURL(new RegExp(webhook.id));
  });

  await test.step("a dialog takes the focus and gives it back", async () => {
    const trigger = page.getByRole("button", { name: "Trigger sample callback" }).first();
    await tabTo(page, trigger, "Trigger sample callback");
    await page.keyboard.press("Enter");
    const dialog = page.getByRole("dialog", { name: "Trigger sample callback" });
    await expect(dialog).toBeVisible();
    await tabTo(page, dialog.getByRole("button", { name: "Send", exact: true }), "Send");
    await page.keyboard.press("Enter");
    await expect(dialog.getByText(/200 OK/).first()).toBeVisible();
    await page.keyboard.press("Escape");
    await expect(dialog).toBeHidden();
    await expect(trigger).toBeFocused();
  });

  await test.step("pause", async () => {
    await tabTo(page, page.getByRole("button", { name: "Pause", exact: true }), "Pause");
    await page.keyboard.press("Enter");
    const dialog = page.getByRole("dialog");
    if (await dialog.isVisible().catch(() => false)) {
      await tabTo(page, dialog.getByRole("button", { name: /pause/i }), "the confirmation");
      await page.keyboard.press("Enter");
    }
    await expect(page.getByRole("main").getByText(/Paused$/).first()).toBeVisible();
  });
});
