import { expect, letIn, newCompany, test } from "../fixtures.ts";

test("two tabs in two companies do not fight", async ({ page, context, company, stage }) => {
  const other = await newCompany(stage.server);
  await other.api.post("/invitations", { email: company.email, role: "admin" });
  const link = await stage.mailbox.linkTo(company.email, new RegExp(other.name));
  await company.api.with({ cookie: company.api.caller.cookie ?? "" }).post("/invitations/accept", { token: decodeURIComponent(link.split("#token=")[1] ?? "") });
  await company.webhook({ url: stage.receiver.hook("/tab-a").url, description: "Of the first" });
  await other.webhook({ url: stage.receiver.hook("/tab-b").url, description: "Of the second" });
  await letIn(context, stage.server.url, company.api.caller.cookie);

  const [first, second] = [page, await context.newPage()];
  await first.goto(`/webhooks?company=${company.id}`);
  await second.goto(`/webhooks?company=${other.id}`);
  await expect(first.getByRole("link", { name: "Of the first" }).first()).toBeVisible();
  await expect(second.getByRole("link", { name: "Of the second" }).first()).toBeVisible();

  await test.step("what is done in one stays in its company", async () => {
    await first.getByRole("link", { name: "Of the first" }).first().click();
    await first.getByRole("navigation", { name: "Parts of this webhook" }).getByRole("link", { name: "Settings" }).click();
    await first.getByRole("main").getByLabel("Name", { exact: true }).fill("Renamed in the first");
    await first.getByRole("button", { name: "Save changes" }).click();
    const names = async (): Promise<string[]> => (await company.api.all<{ description: string }>("/endpoints")).map(({ description }) => description);
    await expect.poll(names).toEqual(["Renamed in the first"]);
  });

  await test.step("a reload stays where the tab was", async () => {
    await first.goto("/webhooks");
    await second.reload();
    await expect(second.getByRole("link", { name: "Of the second" }).first()).toBeVisible();
    await expect(second.getByRole("link", { name: "Renamed in the first" })).toHaveCount(0);
    expect(new URL(second.url()).searchParams.get("company")).toBe(other.id);
  });

  await test.step("switching in one leaves the other alone", async () => {
    await second.getByRole("button", { name: /Switch company/ }).click();
    await second.getByRole("menuitem", { name: company.name }).click();
    await expect(second).toHaveURL(new RegExp(company.id));
    await second.goBack();
    await expect(second).toHaveURL(new RegExp(other.id));
    await expect(second.getByRole("link", { name: "Of the second" }).first()).toBeVisible();
  });
});
