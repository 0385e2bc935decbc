import { expect, test } from "../fixtures.ts";

test("what the server refuses is told at the field, and what was typed stays", async ({ mine: page }) => {
  await page.goto("/webhooks/new");
  const main = page.getByRole("main");
  const url = main.getByLabel(/^URL/);
  await main.getByLabel("Name", { exact: true }).fill("Billing");
  await main.getByRole("checkbox", { name: "Everything: *" }).check();
  for (const wrong of ["crm.acme.example/hooks", "http://crm.acme.example/hooks", "https://10.0.0.5/hooks", "https://user:secret@crm.acme.example/"]) {
    await test.step(wrong, async () => {
      await url.fill(wrong);
      await main.getByRole("button", { name: "Add webhook" }).click();
      await expect(url).toHaveAttribute("aria-invalid", "true");
      await expect(url).toHaveAccessibleDescription(/.{8}/);
      await expect(url).toHaveValue(wrong);
      await expect(main.getByLabel("Name", { exact: true })).toHaveValue("Billing");
    });
  }
  await expect(page).toHaveURL(/\/webhooks\/new/);
});

test("an address that nothing has says so, and leads back", async ({ mine: page, watch }) => {
  // React tells the console of what an error page was shown for.
  watch.allow(/ApiProblem/);
  for (const path of ["/webhooks/ep_01m8ffwhz9fw8800z5n17ec066", "/deliveries/not-an-id", "/no/such/page"]) {
    await page.goto(path);
    await expect(page.getByText("There is nothing here.")).toBeVisible();
  }
  await page.getByRole("link", { name: "To the overview" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
});

test("wrong parameters of a list do not break it", async ({ mine: page, company }) => {
  await company.event();
  await page.goto("/deliveries?state=nonsense&status_code=abc&since=yesterday&open=../../etc");
  await expect(page.getByRole("heading", { level: 1, name: "Deliveries" })).toBeVisible();
  await page.goto("/events?since=never&type=%00");
  await expect(page.getByRole("heading", { level: 1, name: "Events" })).toBeVisible();
});
