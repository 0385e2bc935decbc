import { writeFileSync } from "node:fs";

import { kept, schema } from "./schema.mjs";

writeFileSync(kept, await schema());
