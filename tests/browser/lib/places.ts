import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { homedir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** This folder, `tests/browser`. */
export const HERE = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
/** The repository. */
export const ROOT = path.resolve(HERE, "../..");
/** What a run leaves behind that nobody reads afterwards. */
export const CACHE = path.join(HERE, ".cache");
/** What Meta sends, one notification a file. */
export const META_FIXTURES = path.join(ROOT, "crates/testkit/fixtures/meta");

/** The program under test: `HOOKFERRY_BINARY`, or the debug build where cargo or CI puts it. */
export function binary(): string {
  const cache = process.env["XDG_CACHE_HOME"] ?? path.join(homedir(), ".cache");
  const targets = [process.env["CARGO_TARGET_DIR"], path.join(ROOT, "target"), path.join(cache, "hookferry-target")];
  const built = targets.map((target) => path.join(target ?? "", "debug/hookferry"));
  const named = process.env["HOOKFERRY_BINARY"];
  const program = (named === undefined ? built : [named]).find((file) => existsSync(file));
  if (program === undefined) {
    throw new Error("the program is not there: cargo build -p hookferry, or set HOOKFERRY_BINARY");
  }
  return path.resolve(program);
}

/** A port that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      probe.close(() => resolve(port));
    });
  });
}

/** The library that gives a process another clock, where the machine has it (Debian: faketime). */
export function fakeClockLibrary(): string | undefined {
  const folders = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib"];
  const found = folders.map((folder) => `${folder}/faketime/libfaketimeMT.so.1`);
  return found.find((file) => existsSync(file));
}

/** A key and a certificate that only it vouches for, in PEM. */
export function selfSigned(folder: string): { key: string; cert: string } {
  const key = path.join(folder, "self-signed.key");
  const cert = path.join(folder, "self-signed.pem");
  if (!existsSync(cert)) {
    const names = "subjectAltName=DNS:localhost,IP:127.0.0.1";
    const args = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
    const rest = ["-nodes", "-days", "30", "-subj", "/CN=localhost", "-addext", names];
    execFileSync("openssl", [...args, ...rest, "-keyout", key, "-out", cert], { stdio: "ignore" });
  }
  return { key, cert };
}
