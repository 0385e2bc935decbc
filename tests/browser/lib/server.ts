import { type ChildProcess, spawn } from "node:child_process";
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { ROOT, binary, fakeClockLibrary, freePort } from "./places.ts";
import { until } from "./wait.ts";

/** Settings that make a server quick to fail, to notice and to stop. Times are still real ones. */
export const QUICK: Readonly<Record<string, string>> = {
  HOOKFERRY_RETRIES: "144",
  HOOKFERRY_RETRY_INTERVAL: "200ms",
  HOOKFERRY_DEFECTIVE_AFTER: "30",
  HOOKFERRY_WARN_AFTER: "15",
};

/** The operator's token of every server that runs here. */
export const OPERATOR_TOKEN = "operator-token-of-the-browser-tests";

export interface ServerOptions {
  /** More settings, or other ones. */
  env?: Readonly<Record<string, string>>;
  /** `smtp://…` of a mailbox; without one mails are kept and shown. */
  smtpUrl?: string;
  /** A fixed port, for a person who looks at it. */
  port?: number;
}

export interface StartOptions {
  /** Settings of this start alone. */
  env?: Readonly<Record<string, string>>;
  /** How far back its clock stands; needs the library that fakes clocks. */
  clockBackMs?: number;
}

/** The real program on SQLite in a fresh folder. It can be stopped and started again. */
export class Server {
  readonly folder: string;
  readonly port: number;
  /** Where the program listens. */
  readonly apiUrl: string;
  /** Where the pages are: the same, or Vite's server before it. */
  url: string;
  readonly #options: ServerOptions;
  #program: ChildProcess | undefined;
  #vite: ChildProcess | undefined;

  private constructor(folder: string, port: number, options: ServerOptions) {
    this.folder = folder;
    this.port = port;
    this.apiUrl = `http://127.0.0.1:${port}`;
    this.url = this.apiUrl;
    this.#options = options;
  }

  /** Makes a folder and a port, and starts. */
  static async make(options: ServerOptions = {}, start: StartOptions = {}): Promise<Server> {
    const folder = mkdtempSync(path.join(tmpdir(), "hookferry-browser-"));
    mkdirSync(path.join(folder, "data"));
    const server = new Server(folder, options.port ?? (await freePort()), options);
    try {
      if (process.env["HOOKFERRY_WEB"] === "vite") await server.#startVite();
      await server.start(start);
    } catch (error) {
      await server.remove();
      throw error;
    }
    return server;
  }

  get log(): string {
    return readFileSync(path.join(this.folder, "log"), "utf8");
  }

  async start({ env = {}, clockBackMs = 0 }: StartOptions = {}): Promise<void> {
    if (this.#program !== undefined) throw new Error("the server runs already");
    const mail = { HOOKFERRY_SMTP_URL: this.#options.smtpUrl, HOOKFERRY_MAIL_FROM: "hookferry@ops.example" };
    const program = spawn(binary(), ["serve"], {
      cwd: this.folder,
      stdio: ["ignore", "ignore", "pipe"],
      env: {
        PATH: process.env["PATH"],
        HOOKFERRY_LISTEN: `127.0.0.1:${this.port}`,
        HOOKFERRY_PUBLIC_URL: this.url,
        HOOKFERRY_DATA_DIR: path.join(this.folder, "data"),
        HOOKFERRY_ALLOW_NETWORKS: "127.0.0.0/8,::1/128",
        // So that each helper that signs people up can be an address of its own.
        HOOKFERRY_TRUSTED_PROXIES: "127.0.0.0/8",
        HOOKFERRY_ADMIN_TOKEN: OPERATOR_TOKEN,
        HOOKFERRY_DRAIN_DELAY: "0s",
        HOOKFERRY_SHUTDOWN_TIMEOUT: "2s",
        ...(this.#options.smtpUrl === undefined ? {} : mail),
        ...this.#options.env,
        ...env,
        ...clockEnvironment(clockBackMs),
      },
    });
    this.#program = program;
    program.stderr.on("data", (lines: Buffer) => appendFileSync(path.join(this.folder, "log"), lines));
    await until("the server to be ready", async () => {
      if (program.exitCode !== null) throw new Error(`the server ended at once:\n${this.log}`);
      return (await fetch(`${this.apiUrl}/readyz`)).ok;
    }, { timeoutMs: 60_000 });
  }

  /** Stops it as an operator does; what is stored stays. */
  async stop(): Promise<void> {
    const program = this.#program;
    this.#program = undefined;
    await end(program);
  }

  /** Stops it for good. */
  async remove(): Promise<void> {
    await Promise.all([this.stop(), end(this.#vite)]);
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #startVite(): Promise<void> {
    const port = await freePort();
    this.url = `http://127.0.0.1:${port}`;
    const args = ["run", "dev", "--", "--port", String(port), "--strictPort", "--host", "127.0.0.1"];
    const env = { ...process.env, HOOKFERRY_URL: this.apiUrl };
    const npm = ["--prefix", path.join(ROOT, "web"), ...args];
    this.#vite = spawn("npm", npm, { env, stdio: "ignore", detached: true });
    await until("Vite to be ready", async () => (await fetch(this.url)).status < 500, { timeoutMs: 60_000 });
  }
}

/** The environment that sets a process' clock back. Timers go on as they are. */
function clockEnvironment(backMs: number): Record<string, string> {
  if (backMs === 0) return {};
  const library = fakeClockLibrary();
  if (library === undefined) throw new Error("no library that fakes clocks (Debian: faketime)");
  const seconds = (backMs / 1000).toFixed(3);
  return { LD_PRELOAD: library, FAKETIME: `-${seconds}`, FAKETIME_DONT_FAKE_MONOTONIC: "1", DONT_FAKE_MONOTONIC: "1" };
}

async function end(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => child.once("close", () => resolve()));
  // Vite is npm's grandchild: its whole group has to hear of it.
  if (child.stderr === null && child.pid !== undefined) process.kill(-child.pid, "SIGTERM");
  else child.kill("SIGTERM");
  const late = setTimeout(() => child.kill("SIGKILL"), 5_000);
  await gone;
  clearTimeout(late);
}
