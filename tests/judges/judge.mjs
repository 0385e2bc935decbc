// Checks signed requests with a library that is not ours.
//
// `judge.mjs standardwebhooks|svix|octokit|escaping` reads an array of {headers, body_base64, secret} from
// standard input and prints a line for each: `ok`, or `fail` and why.

import { createHmac } from "node:crypto";

import { verify } from "@octokit/webhooks-methods";
import { Webhook as StandardWebhook } from "standardwebhooks";
import { Webhook as SvixWebhook } from "svix";

const judges = {
  standardwebhooks: async ({ secret }, body, headers) => {
    new StandardWebhook(secret).verify(body, headers);
  },
  svix: async ({ secret }, body, headers) => {
    new SvixWebhook(secret).verify(body, headers);
  },
  octokit: async ({ secret }, body, headers) => {
    if (!(await verify(secret, body, headers["x-hub-signature-256"]))) {
      throw new Error("the signature does not match");
    }
  },
  // A receiver that was written by Meta's words: it escapes what is not ASCII, and hashes that.
  escaping: async ({ secret }, body, headers) => {
    const escape = (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
    const escaped = body.replace(/[^\x00-\x7f]/g, escape);
    const digest = createHmac("sha256", secret).update(escaped).digest("hex");
    if (headers["x-hub-signature-256"] !== `sha256=${digest}`) {
      throw new Error("the signature does not match");
    }
  },
};

const chunks = [];
for await (const chunk of process.stdin) {
  chunks.push(chunk);
}
for (const question of JSON.parse(Buffer.concat(chunks).toString("utf8"))) {
  const body = Buffer.from(question.body_base64, "base64").toString("utf8");
  try {
    await judges[process.argv[2]](question, body, question.headers);
    console.log("ok");
  } catch (error) {
    console.log(`fail ${error.name}: ${error.message}`);
  }
}
