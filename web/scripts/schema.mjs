// Makes the types of the REST API of ../openapi.json. What the server refuses is a Problem whatever its status, so
// only one of the answers that are no success is kept for each operation: with all of them every check of the
// types takes several times as long.
import { readFileSync } from "node:fs";
import { fileURLToPath, URL } from "node:url";

import openapiTS, { astToString } from "openapi-typescript";

const document = fileURLToPath(new URL("../../openapi.json", import.meta.url));
export const kept = fileURLToPath(new URL("../src/api/schema.gen.ts", import.meta.url));

const METHODS = new Set(["get", "put", "post", "delete", "patch", "head", "options"]);

function slim(spec) {
  for (const item of Object.values(spec.paths)) {
    for (const [method, operation] of Object.entries(item)) {
      if (!METHODS.has(method)) continue;
      const answers = Object.entries(operation.responses);
      const good = answers.filter(([status]) => status.startsWith("2"));
      for (const [, answer] of good) delete answer.headers;
      const problem = { description: "What was refused.", content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } } };
      operation.responses = { ...Object.fromEntries(good), default: problem };
    }
  }
  return spec;
}

export async function schema() {
  const spec = slim(JSON.parse(readFileSync(document, "utf8")));
  const head = "// Made of ../openapi.json by `npm run types`; not to be changed by hand.\n\n";
  // An object of which nothing is said, such as a filter, may have anything in it.
  return head + astToString(await openapiTS(spec, { emptyObjectsUnknown: true }));
}
