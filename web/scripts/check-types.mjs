// Fails where src/api/schema.gen.ts is not what ../openapi.json says today.
import { readFileSync } from "node:fs";

import { kept, schema } from "./schema.mjs";

if ((await schema()) !== readFileSync(kept, "utf8")) {
  console.error("src/api/schema.gen.ts is stale: run `npm run types` and look at what changed");
  process.exit(1);
}
