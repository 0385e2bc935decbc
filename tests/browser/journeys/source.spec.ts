import type { Schemas } from "../lib/api.ts";
import { expect, test } from "../fixtures.ts";
import { handshake, notification, notify, wamid } from "../lib/meta.ts";

const APP_SECRET = "5e7c0a9d41f84b6c9e2a7f3d8b1c6045";

test("WhatsApp is connected step by step, and each step shows when it is done", async ({ mine: page, company }) => {
  await page.goto("/sources");
  await page.getByRole("main").getByRole("button", { name: "Add source" }).first().click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name", { exact: true }).fill("Shop on WhatsApp");
  await dialog.getByLabel("App secret", { exact: true }).fill("short");
  await dialog.getByRole("button", { name: "Add source" }).click();
  await expect(dialog.getByLabel("App secret", { exact: true })).toHaveAccessibleDescription(/16/);
  await expect(dialog.getByLabel("Name", { exact: true })).toHaveValue("Shop on WhatsApp");
  await dialog.getByLabel("App secret", { exact: true }).fill(APP_SECRET);
  await dialog.getByRole("button", { name: "Add source" }).click();

  await expect(page).toHaveURL(/\/sources\/src_/);
  const main = page.getByRole("main");
  const [source] = await company.api.all<Schemas["SourceView"]>("/sources");
  if (source === undefined) throw new Error("there is no source");
  await expect(main.getByText(source.callback_url).or(main.locator(`input[value="${source.callback_url}"]`)).first()).toBeVisible();
  await expect(main.getByText(source.verify_token).or(main.locator(`input[value="${source.verify_token}"]`)).first()).toBeVisible();

  await test.step("the handshake shows by itself", async () => {
    expect(await handshake(source.callback_url, source.verify_token)).toBe(200);
    await expect(main.getByText("Meta's handshake came").first()).toBeVisible({ timeout: 20_000 });
  });

  await test.step("so does the first notification, and its event can be looked up", async () => {
    const id = wamid();
    const body = notification("message_text", { at: new Date(), wamid: id, contact: { name: "فاطمة الزهراء", phone: "966512345678" } });
    expect(await notify(source.callback_url, APP_SECRET, body)).toBe(200);
    await expect(main.getByText(/Receiving$/).first()).toBeVisible({ timeout: 20_000 });
    await page.goto(`/events?q=${encodeURIComponent(id)}`);
    await expect(page.getByText("message.received").first()).toBeVisible();
  });

  await test.step("what is refused is told with its reason", async () => {
    await notify(source.callback_url, "another app's secret", notification("message_text", { at: new Date(), wamid: wamid() }));
    await page.goto(`/sources/${source.id}`);
    await expect(main.getByText("Wrong signature").first()).toBeVisible();
    await expect(main.getByRole("row").filter({ hasText: "Wrong signature" }).getByText("127.0.0.1")).toBeVisible();
  });
});
