import { PASSWORD, expect, test } from "../fixtures.ts";

test("from an empty browser to a first delivery whose signature verifies, within a minute", async ({ page, stage }) => {
  const began = Date.now();
  await page.goto("/");
  await expect(page).toHaveURL(/\/login/);
  await page.getByRole("link", { name: "Sign up" }).click();
  await page.getByLabel("Company").fill("Bloom");
  await page.getByLabel("Email").fill("mia@first-run.example");
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Sign up" }).click();

  // One click makes an inbox and a webhook to it, one click sends a sample.
  await expect(page).toHaveURL(/\/start/);
  await page.getByRole("button", { name: /inbox/i }).click();
  await page.getByRole("button", { name: /send/i }).first().click();
  await expect(page.getByText(/verified|verifies/i).first()).toBeVisible();
  expect(Date.now() - began).toBeLessThan(60_000);

  await test.step("it goes on where it was after a reload", async () => {
    await page.reload();
    await expect(page.getByText(/verified|verifies/i).first()).toBeVisible();
  });

  await test.step("and then a URL of one's own", async () => {
    await page.getByRole("link", { name: /own URL/i }).click();
    await expect(page).toHaveURL(/\/webhooks\/new/);
    const hook = stage.receiver.hook("/first-run");
    await page.getByLabel("URL", { exact: true }).fill(hook.url);
    await page.getByLabel(/^(Name|Description)/).fill("My own");
    await page.getByRole("checkbox", { name: /all events|everything|\*/i }).first().check();
    await page.getByRole("button", { name: /add webhook/i }).click();
    await expect(page.getByText(/whsec_/).first()).toBeVisible();
    await page.getByRole("link", { name: /trigger sample/i }).or(page.getByRole("button", { name: /trigger sample/i })).first().click();
    await page.getByRole("dialog").getByRole("button", { name: /^send/i }).click();
    await expect(page.getByRole("dialog").getByText(/200/).first()).toBeVisible();
    const [request] = await hook.got(1);
    expect(request?.headers["webhook-signature"]).toMatch(/^v1,/);
  });
});
