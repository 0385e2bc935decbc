import type { Locator, Page } from "@playwright/test";

import { PASSWORD, expect, test } from "../fixtures.ts";
import { Watch } from "../lib/watch.ts";

test("a colleague is invited, comes, and may do what the role says", async ({ mine: page, company, stage, browser }) => {
  const email = `sunita.${company.id}@bloom.example`;
  await company.webhook({ url: stage.receiver.hook("/team").url, description: "CRM sync" });
  await page.goto("/team");
  await page.getByRole("main").getByRole("button", { name: "Invite", exact: true }).first().click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Email").fill("not an address");
  await choose(page, dialog, "Viewer");
  await dialog.getByRole("button", { name: "Invite", exact: true }).click();
  // The server's message, at the field; what was typed is still there.
  await expect(dialog.getByLabel("Email")).toHaveAttribute("aria-invalid", "true");
  await expect(dialog.getByLabel("Email")).toHaveValue("not an address");
  await dialog.getByLabel("Email").fill(email);
  await dialog.getByRole("button", { name: "Invite", exact: true }).click();
  await expect(dialog).toBeHidden();
  await expect(page.getByRole("main").getByText(email).first()).toBeVisible();

  const theirs = await browser.newContext({ baseURL: stage.server.url });
  const colleague = await theirs.newPage();
  const watch = new Watch(colleague, stage.server.url);
  watch.allow(/status of 4\d\d/, /ApiProblem/);
  await test.step("the mail's link lets them in with a password of their own", async () => {
    await colleague.goto(await stage.mailbox.linkTo(email, /./));
    await expect(colleague.getByText(company.name).first()).toBeVisible();
    // A token does not stay in the address bar.
    await expect(colleague).not.toHaveURL(/token=/);
    await colleague.getByLabel("Your name").fill("सुनीता शर्मा");
    await colleague.getByLabel(/^(New )?password/i).first().fill(PASSWORD);
    await colleague.getByRole("button", { name: /^Join/ }).click();
    await expect(colleague.getByRole("navigation", { name: "Pages" })).toBeVisible();
  });

  await test.step("a viewer sees, and is told why they may not change", async () => {
    await colleague.getByRole("link", { name: "Webhooks", exact: true }).click();
    await expect(colleague.getByRole("link", { name: "CRM sync" }).first()).toBeVisible();
    const add = colleague.getByRole("main").getByRole("button", { name: /add webhook/i }).or(colleague.getByRole("main").getByRole("link", { name: /add webhook/i })).first();
    await expect(add).toHaveAttribute("aria-disabled", "true");
    await expect(add).toContainText(/role/i);
    await colleague.goto("/tokens");
    await expect(colleague.getByText("You may not see this.")).toBeVisible();
  });

  await test.step("as a developer they may", async () => {
    await page.reload();
    await page.getByRole("button", { name: "Actions for सुनीता शर्मा" }).click();
    await page.getByRole("menuitem", { name: "Change role" }).click();
    await choose(page, dialog, "Developer");
    await dialog.getByRole("button", { name: "Change role" }).click();
    await expect(page.getByText("सुनीता शर्मा is Developer now.")).toBeVisible();
    await expect.poll(async () => (await company.api.all<{ email: string; role: string }>("/members")).find((member) => member.email === email)?.role).toBe("developer");
    await colleague.goto("/webhooks");
    const add = colleague.getByRole("main").getByRole("link", { name: /add webhook/i }).or(colleague.getByRole("main").getByRole("button", { name: /add webhook/i })).first();
    await add.click();
    await expect(colleague).toHaveURL(/\/webhooks\/new/);
  });

  await test.step("an invitation works once", async () => {
    const again = await browser.newContext({ baseURL: stage.server.url });
    const late = await again.newPage();
    await late.goto(await stage.mailbox.linkTo(email, /./));
    await expect(late.getByText("This invitation does not work any more")).toBeVisible();
    await again.close();
  });
  expect(watch.faults).toEqual([]);
  await theirs.close();
});

/** Chooses a role in a dialog, from a select or from radios. */
async function choose(page: Page, dialog: Locator, role: string): Promise<void> {
  const radio = dialog.getByRole("radio", { name: role });
  if ((await radio.count()) > 0) return radio.first().check({ force: true });
  await dialog.getByLabel("Role").first().click();
  await page.getByRole("option", { name: role }).first().click();
}
