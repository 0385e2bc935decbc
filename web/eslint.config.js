import js from "@eslint/js";
import importPlugin from "eslint-plugin-import";
import a11y from "eslint-plugin-jsx-a11y";
import hooks from "eslint-plugin-react-hooks";
import { readdirSync } from "node:fs";
import { fileURLToPath, URL } from "node:url";
import tseslint from "typescript-eslint";

const src = fileURLToPath(new URL("./src", import.meta.url));
const features = readdirSync(`${src}/features`, { withFileTypes: true }).filter((entry) => entry.isDirectory());

/** routes → features → ui → lib, and features → api; no feature knows another. */
const zones = [
  { target: "./src/lib", from: ["./src/ui", "./src/features", "./src/routes", "./src/api"] },
  { target: "./src/ui", from: ["./src/features", "./src/routes", "./src/api"] },
  { target: "./src/api", from: ["./src/ui", "./src/features", "./src/routes"] },
  { target: "./src/features", from: "./src/routes" },
  ...features.map(({ name }) => ({
    target: `./src/features/${name}`,
    from: "./src/features",
    except: [`./${name}`],
  })),
];

export default tseslint.config(
  { ignores: ["dist", "src/routeTree.gen.ts", "src/api/schema.gen.ts", "node_modules"] },
  js.configs.recommended,
  ...tseslint.configs.recommended,
  a11y.flatConfigs.recommended,
  {
    files: ["**/*.{ts,tsx}"],
    plugins: { import: importPlugin, "react-hooks": hooks },
    settings: { "import/resolver": { typescript: true } },
    rules: {
      ...hooks.configs.recommended.rules,
      "max-lines": ["error", { max: 250, skipComments: true }],
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/consistent-type-assertions": ["error", { assertionStyle: "never" }],
      "@typescript-eslint/consistent-type-imports": "error",
      "no-restricted-imports": ["error", { patterns: [{ group: ["../../*"], message: "import by @/…" }] }],
      "import/no-restricted-paths": ["error", { basePath: fileURLToPath(new URL(".", import.meta.url)), zones }],
      // The dialogs that open on a click put the focus into their first field.
      "jsx-a11y/no-autofocus": "off",
    },
  },
  {
    files: ["src/texts/**", "**/*.test.{ts,tsx}", "src/test/**"],
    rules: { "max-lines": "off", "@typescript-eslint/consistent-type-assertions": ["error", { assertionStyle: "as" }] },
  },
  { files: ["scripts/**"], languageOptions: { globals: { process: "readonly", console: "readonly", URL: "readonly" } } },
);
