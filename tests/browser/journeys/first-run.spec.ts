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
  await page.getByRole("button", { name: "Make inbox and webhook" }).click();
  await page.getByRole("button", { name: "Trigger sample" }).click();
  const arrived = page.getByText("It works: a request arrived, and its signature is verified.").first();
  await expect(arrived).toBeVisible();
  expect(Date.now() - began).toBeLessThan(60_000);

  await test.step("it goes on where it was after a reload", async () => {
    await page.reload();
    await expect(arrived).toBeVisible();
  });

  await test.step("and then a URL of one's own", async () => {
    await page.getByRole("link", { name: "Use your own URL" }).click();
    await expect(page).toHaveURL(/\/webhooks\/new/);
    const hook = stage.receiver.hook("/first-run");
    await page.getByLabel(/^URL/).fill(hook.url);
    await page.getByLabel("Name", { exact: true }).fill("My own");
    await page.getByRole("checkbox", { name: "Everything: *" }).check();
    await page.getByRole("button", { name: "Add webhook" }).click();
    await expect(page.getByText(/whsec_/).first()).toBeVisible();
    await page.getByRole("link", { name: "Trigger sample callback" }).click();
    const dialog = page.getByRole("dialog", { name: "Trigger sample callback" });
    await dialog.getByRole("button", { name: "Send", exact: true }).click();
    await expect(dialog.getByText(/200 OK/).first()).toBeVisible();
    const [request] = await hook.got(1);
    expect(request?.headers["webhook-signature"]).toMatch(/^v1,/);
  });
});
