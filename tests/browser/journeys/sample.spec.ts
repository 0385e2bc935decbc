import type { Page } from "@playwright/test";

import { expect, test } from "../fixtures.ts";
import { freePort } from "../lib/places.ts";

/** Opens the dialog, sends, and gives what it then says. */
async function send(page: Page, webhook: string): Promise<ReturnType<Page["getByRole"]>> {
  await page.goto(`/webhooks/${webhook}?sample=1`);
  const dialog = page.getByRole("dialog", { name: "Trigger sample callback" });
  await dialog.getByRole("button", { name: "Send", exact: true }).click();
  return dialog;
}

test("a sample shows the answer at once: status, time, headers, body, and the request as it was signed", async ({ mine: page, company, stage }) => {
  const hook = stage.receiver.hook("/sample").answers({ status: 200, delayMs: 50, headers: { "x-served-by": "crm-7" }, body: '{"stored":true}' });
  const webhook = await company.webhook({ url: hook.url, description: "CRM sync" });
  await page.goto(`/webhooks/${webhook.id}`);
  await page.getByRole("button", { name: "Trigger sample callback" }).first().click();
  const dialog = page.getByRole("dialog", { name: "Trigger sample callback" });

  await test.step("the payload can be edited", async () => {
    const editor = dialog.getByRole("textbox", { name: /payload/i });
    await editor.click();
    await page.keyboard.press("ControlOrMeta+a");
    await page.keyboard.type('{"edited": "by hand"}');
    await dialog.getByRole("button", { name: /^send/i }).click();
    const [request] = await hook.got(1);
    expect(JSON.parse(request?.body ?? "{}")).toMatchObject({ data: { edited: "by hand" } });
  });
  await expect(dialog.getByText(/200 OK/).first()).toBeVisible();
  await expect(dialog.getByText(/^after \d/).first()).toBeVisible();
  await expect(dialog.getByText(/stored/).first()).toBeVisible();
  await dialog.locator("summary", { hasText: "Response headers" }).click();
  await expect(dialog.getByText("crm-7").first()).toBeVisible();
  await dialog.locator("summary", { hasText: "Request" }).click();
  await expect(dialog.getByText(/webhook-signature/i).first()).toBeVisible();

  await test.step("what is no JSON is told, and not lost", async () => {
    const editor = dialog.getByRole("textbox", { name: /payload/i });
    await editor.click();
    await page.keyboard.press("ControlOrMeta+a");
    await page.keyboard.type('{"broken": ');
    await expect(dialog.getByRole("button", { name: /Send again/ })).toBeDisabled();
    await expect(dialog.getByText("The payload must be a JSON object.").first()).toBeVisible();
    await expect(editor).toContainText("broken");
    expect(hook.received).toHaveLength(1);
  });
});

test("each kind of error is a sentence that says what to do", async ({ mine: page, company, stage }) => {
  const { receiver } = stage;
  const closed = await freePort();
  const of = (path: string): string => receiver.hook(`/sample-${path}`).url;
  receiver.hook("/sample-404").answers({ status: 404, body: "nothing here" });
  receiver.hook("/sample-401").answers({ status: 401 });
  receiver.hook("/sample-moved").answers({ status: 302, headers: { location: "https://crm.acme.example/" } });
  receiver.hook("/sample-hangs").answers({ fault: "never" });
  receiver.hook("/sample-cut").answers({ fault: "cut" });
  const kinds: { url: string; says: RegExp; todo: RegExp }[] = [
    { url: "https://crm.acme.exmaple/hooks", says: /name crm\.acme\.exmaple .*not (exist|answer)/, todo: /spelling/ },
    { url: `http://127.0.0.1:${closed}/hooks`, says: new RegExp(`Nothing answers at 127\\.0\\.0\\.1:${closed}`), todo: /server running/ },
    { url: `${receiver.tlsOrigin}/hooks`, says: /certificate of .* is not valid/, todo: /certificate/ },
    { url: of("hangs"), says: /did not finish its answer|did not answer/, todo: /200 first/ },
    { url: of("404"), says: /answered 404/, todo: /path right/ },
    { url: of("401"), says: /answered 401/, todo: /secret|signature/ },
    { url: of("moved"), says: /redirect|302/, todo: /final URL/ },
    { url: of("cut"), says: /broke off/, todo: /log/ },
  ];
  for (const { url, says, todo } of kinds) {
    await test.step(url, async () => {
      const webhook = await company.webhook({ url, ...(url.endsWith("hangs") ? { timeout_ms: 1000 } : {}) });
      const dialog = await send(page, webhook.id);
      await expect(dialog.getByText(says).first()).toBeVisible();
      await expect(dialog.getByText(todo).first()).toBeVisible();
      await expect(dialog.getByText("Nothing was counted as a failure.").first()).toBeVisible();
    });
  }
});

test("a private address that is not allowed any more is told as such", async ({ mine: page, company, stage }) => {
  await stage.server.stop();
  await stage.server.start({ env: { HOOKFERRY_ALLOW_NETWORKS: "127.0.0.0/8,10.0.0.0/8" } });
  const webhook = await company.webhook({ url: "http://10.0.0.5/hooks" });
  await stage.server.stop();
  await stage.server.start();
  const dialog = await send(page, webhook.id);
  await expect(dialog.getByText(/10\.0\.0\.5.*private address/).first()).toBeVisible();
  await expect(dialog.getByText(/operator/).first()).toBeVisible();
});
