// @vitest-environment node
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, describe, expect, it } from "vitest";

import { SCHEMES, type Scheme, VERIFY } from ".";

const BODY = Buffer.from('{"type":"message.read","data":{"name":"Zoë"}}');
/** One that we made, and a company's own. */
const SECRETS = { made: `whsec_${Buffer.from("a key of 24 bytes, or so").toString("base64")}`, own: "a-meta-app-secret-0123" };
const PROGRAMS = { node: { command: "node", file: "receiver.mjs" }, python: { command: "python3", file: "receiver.py" } } as const;
const there = (command: string): boolean => spawnSync(command, ["--version"]).status === 0;

let child: ChildProcess | null = null;
let folder: string | null = null;
afterEach(() => {
  child?.kill();
  if (folder !== null) rmSync(folder, { recursive: true });
});

/** The headers of a request as the server signs it. */
function signed(secret: string, at: number): Record<string, string> {
  const key = secret.startsWith("whsec_") ? Buffer.from(secret.slice(6), "base64") : Buffer.from(secret);
  const [id, timestamp] = ["msg_1", String(at)];
  return {
    "webhook-id": id,
    "webhook-timestamp": timestamp,
    "webhook-signature": `v1,AAAA v1,${createHmac("sha256", key).update(`${id}.${timestamp}.`).update(BODY).digest("base64")}`,
    "x-hub-signature-256": `sha256=${createHmac("sha256", secret).update(BODY).digest("hex")}`,
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}

/** Runs a program as it is shown, and tells how it answers. */
async function receiver(language: keyof typeof PROGRAMS, scheme: Scheme, secret: string): Promise<(headers: Record<string, string>, body?: Buffer<ArrayBuffer>) => Promise<number>> {
  const { command, file } = PROGRAMS[language];
  folder = mkdtempSync(join(tmpdir(), "hookferry-verify-"));
  writeFileSync(join(folder, file), VERIFY[scheme][language]);
  const port = await freePort();
  child = spawn(command, [join(folder, file)], { env: { ...process.env, PORT: String(port), WEBHOOK_SECRET: secret }, stdio: "ignore" });
  const ask = async (headers: Record<string, string>, body = BODY): Promise<number> => (await fetch(`http://127.0.0.1:${port}/`, { method: "POST", headers, body: new Uint8Array(body) })).status;
  for (let tries = 0; ; tries += 1) {
    const up = await ask({}).then(() => true, () => false);
    if (up) return ask;
    if (tries > 200) throw new Error(`${command} does not listen`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const CASES = (["node", "python"] as const).flatMap((language) => SCHEMES.flatMap((scheme) => (["made", "own"] as const).map((secret) => ({ language, scheme, secret }))));

describe("the code that is shown", () => {
  it.for(CASES)("$language, $scheme, a secret that is $secret", { timeout: 20_000 }, async ({ language, scheme, secret }, { skip }) => {
    if (!there(PROGRAMS[language].command)) skip(`no ${PROGRAMS[language].command} here`);
    const ask = await receiver(language, scheme, SECRETS[secret]);
    const now = Math.floor(Date.now() / 1000);
    expect(await ask(signed(SECRETS[secret], now))).toBe(200);
    expect(await ask(signed("another-secret-0123456", now))).toBe(401);
    expect(await ask(signed(SECRETS[secret], now), Buffer.from("{}"))).toBe(401);
    expect(await ask(signed(SECRETS[secret], now - 3_600))).toBe(scheme === "standard" ? 401 : 200);
    expect(await ask({})).toBe(401);
  });
});
