import { expect, test } from "../fixtures.ts";

test("a broken receiver makes its webhook Defective, which explains itself; repaired, it recovers by itself", async ({ mine: page, company, stage }) => {
  const { receiver, mailbox } = stage;
  const link = await mailbox.linkTo(company.email, /./);
  await company.api.post("/auth/verify-email", { token: decodeURIComponent(link.split("#token=")[1] ?? "") });
  const hook = receiver.hook("/broken").answers({ status: 503, body: "upstream connect error" });
  const webhook = await company.webhook({ url: hook.url, description: "Billing" });

  await test.step("a streak warns first", async () => {
    await page.goto("/webhooks");
    await expect(page.getByRole("link", { name: "Billing" })).toBeVisible();
    await company.event();
    // The list follows by itself: nobody reloads.
    await expect(page.getByText(/defective/i).first()).toBeVisible({ timeout: 20_000 });
  });
  await Promise.all([company.event({ subject: "971501234567" }), company.event({ subject: "966512345678" })]);

  await test.step("its page says since when, why, what waits, what happens next, what to do", async () => {
    await page.getByRole("link", { name: "Billing" }).first().click();
    await expect(page).toHaveURL(new RegExp(webhook.id));
    const main = page.getByRole("main");
    await expect(main.getByText(/Defective/).first()).toBeVisible();
    await expect(main.getByText(/503/).first()).toBeVisible();
    await expect(main.getByText(/in a row/).first()).toBeVisible();
    await expect(main.getByText(/3 (deliveries |events )?(wait|that wait)|3 waiting/i).first()).toBeVisible();
    await expect(main.getByText(/next try/i).first()).toBeVisible();
    await expect(main.getByRole("button", { name: "Trigger sample callback" }).first()).toBeVisible();
  });

  await test.step("the owner was mailed, and the mail's link leads here", async () => {
    const mail = await mailbox.mailTo(company.email, /Defective|defective/);
    const there = /https?:\/\/\S+\/endpoints\/\S+/.exec(mail.text)?.[0] ?? "no link";
    await page.goto(there);
    await expect(page.getByRole("heading", { level: 1, name: "Billing" })).toBeVisible();
    await expect(page).toHaveURL(new RegExp(`/webhooks/${webhook.id}`));
  });

  await test.step("repaired, the first success heals it and what waited flows", async () => {
    hook.answers({ status: 200 });
    const main = page.getByRole("main");
    await expect(main.getByText(/Enabled|working/i).first()).toBeVisible({ timeout: 20_000 });
    await expect(main.getByText(/Defective$/)).toHaveCount(0);
    await mailbox.mailTo(company.email, /works again|recovered/i);
    const waiting = async (): Promise<number> => (await company.api.all("/deliveries?state=pending")).length;
    await expect.poll(waiting).toBe(0);
    await page.getByRole("link", { name: "Deliveries" }).last().click();
    await expect(main.getByText("Delivered").first()).toBeVisible();
  });
});
