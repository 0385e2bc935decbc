import { expect, test } from "../fixtures.ts";
import { each } from "../lib/wait.ts";

const FAILED = 12;

test("a failed message is found by its phone number, and all that failed are sent again", async ({ mine: page, company, stage }) => {
  const hook = stage.receiver.hook("/search").answers({ status: 500, body: '{"error":"out of memory"}' });
  const webhook = await company.webhook({ url: hook.url, description: "Order desk", schedule: { custom_seconds: [1] } });
  await each(Array.from({ length: FAILED }, (_, nth) => nth), 6, (nth) =>
    company.event({ subject: `9198765432${String(nth).padStart(2, "0")}`, id: `wamid.SEARCH${nth}` }),
  );
  const count = async (state: string): Promise<number> => (await company.api.all(`/deliveries?state=${state}`)).length;
  await expect.poll(() => count("exhausted"), { timeout: 20_000 }).toBe(FAILED);

  await test.step("search by phone number; the address can be passed on", async () => {
    await page.goto("/deliveries");
    const search = page.getByRole("main").getByLabel("Search deliveries");
    await search.fill("919876543207");
    await search.press("Enter");
    await expect(page).toHaveURL(/q=(%22)?919876543207/);
    await expect(page.getByRole("row")).toHaveCount(2);
    await page.reload();
    await expect(page.getByRole("row")).toHaveCount(2);
  });

  await test.step("the drawer says what was said, beside the list", async () => {
    await page.getByRole("row").last().click();
    await expect(page).toHaveURL(/open=dlv_/);
    await expect(page.getByText(/500/).first()).toBeVisible();
    await expect(page.getByText(/Exhausted/).first()).toBeVisible();
    await page.keyboard.press("Escape");
    await expect(page).not.toHaveURL(/open=/);
  });

  await test.step("repaired, all that failed are sent again, with their number first", async () => {
    hook.answers({ status: 200 });
    await page.goto(`/deliveries?state=exhausted&endpoint_id=${webhook.id}`);
    await page.getByRole("main").getByRole("button", { name: "Retry all that match…" }).click();
    const dialog = page.getByRole("dialog");
    await expect(dialog.getByText(`That is ${FAILED} deliveries.`)).toBeVisible();
    await dialog.getByRole("button", { name: `Retry ${FAILED} deliveries` }).click();
    await expect(dialog.getByText(`${FAILED} deliveries done`).first()).toBeVisible({ timeout: 20_000 });
    await expect.poll(() => count("delivered"), { timeout: 20_000 }).toBe(FAILED);
    await page.goto("/jobs");
    await expect(page.getByRole("main").getByText("Retry deliveries").first()).toBeVisible();
    await expect(page.getByRole("main").getByText(`${FAILED} deliveries done`).first()).toBeVisible();
  });
});

test("an event that went nowhere says why", async ({ mine: page, company, stage }) => {
  await company.webhook({ url: stage.receiver.hook("/nowhere").url, description: "Only failures", event_types: ["message.failed"] });
  const event = await company.event();
  expect(event.deliveries).toBe(0);
  await page.goto(`/events/${event.id}`);
  const main = page.getByRole("main");
  await expect(main.getByText("Only failures").first()).toBeVisible();
  await expect(main.getByText("does not pick message.received").first()).toBeVisible();
});
