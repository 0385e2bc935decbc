// Fails where src/api/schema.gen.ts is not what openapi-typescript makes of ../openapi.json today.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const web = fileURLToPath(new URL("..", import.meta.url));
const fresh = execFileSync("npx", ["--no-install", "openapi-typescript", "../openapi.json"], {
  cwd: web,
  encoding: "utf8",
  maxBuffer: 64 * 1024 * 1024,
  stdio: ["ignore", "pipe", "ignore"],
});
const kept = readFileSync(`${web}/src/api/schema.gen.ts`, "utf8");
if (fresh.trim() !== kept.trim()) {
  console.error("src/api/schema.gen.ts is stale: run `npm run types` and look at what changed");
  process.exit(1);
}
