/** Starts a server full of data that looks real, says how to log in, and stays up: `npm run seed -- --port 8123 --live`. */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";

import { type SeedInfo } from "./lib/facts.ts";
import { EMPTY_COMPANY, INVITED } from "./lib/seed/cast.ts";
import { converse } from "./lib/seed/day.ts";
import { seed } from "./lib/seed/index.ts";
import { pause } from "./lib/wait.ts";

const { values } = parseArgs({
  options: { port: { type: "string", default: "8123" }, live: { type: "boolean", default: false }, info: { type: "string" }, with: { type: "string" } },
});
const began = Date.now();
const seeded = await seed({ port: Number(values.port) });
let ended = false;
const end = async (): Promise<void> => {
  if (ended) return;
  ended = true;
  await seeded.close();
  process.exit(0);
};
process.on("SIGINT", () => void end());
process.on("SIGTERM", () => void end());

const { email, password } = seeded.login;
const { server, mailbox } = seeded;
const invitation = await mailbox.linkTo(INVITED[0].email, /./);
const invitationToken = decodeURIComponent(invitation.split("#token=")[1] ?? "");
const info: SeedInfo = { url: server.url, apiUrl: server.apiUrl, email, folder: server.folder, pid: process.pid, invitationToken };
console.log(`Seeded in ${((Date.now() - began) / 1000).toFixed(1)} s; Ctrl-C ends it.`);
console.log(`  ${info.url}  log in as ${email} with the password: ${password}`);
console.log(`  the same person is in the empty company ${EMPTY_COMPANY}; the log is ${info.folder}/log`);
if (values.info !== undefined) writeFileSync(values.info, JSON.stringify(info));

/** Whether the process that wanted this is still there. */
const isWanted = (): boolean => {
  if (values.with === undefined) return true;
  try {
    return process.kill(Number(values.with), 0);
  } catch {
    return false;
  }
};
for (let nth = 1000; !ended; nth += 1) {
  await pause(2_000);
  if (!isWanted()) await end();
  if (values.live) await converse(seeded.traffic, 1, nth).catch(() => undefined);
}
