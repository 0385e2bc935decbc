import { fileURLToPath } from "node:url";

import { tanstackRouter } from "@tanstack/router-plugin/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

import { compress } from "./scripts/compress.ts";

/** Where the server is while pages are worked on (`npm run dev`). */
const server = process.env.HOOKFERRY_URL ?? "http://127.0.0.1:8080";
const proxied = ["/api", "/openapi.json", "/docs", "/inbox/", "/in/", "/healthz", "/readyz"];

/** What every page needs in one file, and what stands around the pages of a company in another: a file compresses better than many. */
const CHUNKS = [
  { name: "base", test: /src\/main\.tsx/, priority: 2 },
  { name: "frame", test: /src\/features\/frame\/Frame\.tsx/, priority: 1 },
];

export default defineConfig({
  plugins: [
    tanstackRouter({ target: "react", autoCodeSplitting: true, quoteStyle: "double", semicolons: true, disableLogging: true }),
    react(),
    compress(),
  ],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  server: { proxy: Object.fromEntries(proxied.map((path) => [path, { target: server }])) },
  build: { target: "es2022", sourcemap: false, assetsInlineLimit: 0, modulePreload: { polyfill: false }, rolldownOptions: { output: { codeSplitting: { groups: CHUNKS } } } },
  test: { environment: "jsdom", setupFiles: ["src/test/setup.ts"], css: false },
});
