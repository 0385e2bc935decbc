import hubGo from "./verify/hub.go.txt?raw";
import hubNode from "./verify/hub.node.txt?raw";
import hubPhp from "./verify/hub.php.txt?raw";
import hubPython from "./verify/hub.python.txt?raw";
import hubRust from "./verify/hub.rust.txt?raw";
import standardGo from "./verify/standard.go.txt?raw";
import standardNode from "./verify/standard.node.txt?raw";
import standardPhp from "./verify/standard.php.txt?raw";
import standardPython from "./verify/standard.python.txt?raw";
import standardRust from "./verify/standard.rust.txt?raw";

export const LANGUAGES = ["node", "python", "php", "go", "rust"] as const;
export type Language = (typeof LANGUAGES)[number];
export const SCHEMES = ["standard", "hub"] as const;
export type Scheme = (typeof SCHEMES)[number];

/** Whole programs that run as they are (in Rust a function); in files of their own, so that they can be run in tests. */
export const VERIFY: Record<Scheme, Record<Language, string>> = {
  standard: { node: standardNode, python: standardPython, php: standardPhp, go: standardGo, rust: standardRust },
  hub: { node: hubNode, python: hubPython, php: hubPhp, go: hubGo, rust: hubRust },
};
