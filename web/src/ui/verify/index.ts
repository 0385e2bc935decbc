import hubGo from "./hub.go.txt?raw";
import hubNode from "./hub.node.txt?raw";
import hubPhp from "./hub.php.txt?raw";
import hubPython from "./hub.python.txt?raw";
import hubRust from "./hub.rust.txt?raw";
import standardGo from "./standard.go.txt?raw";
import standardNode from "./standard.node.txt?raw";
import standardPhp from "./standard.php.txt?raw";
import standardPython from "./standard.python.txt?raw";
import standardRust from "./standard.rust.txt?raw";

export const LANGUAGES = ["node", "python", "php", "go", "rust"] as const;
export type Language = (typeof LANGUAGES)[number];
export const SCHEMES = ["standard", "hub"] as const;
export type Scheme = (typeof SCHEMES)[number];

/** Whole programs that run as they are (in Rust a function); in files of their own, so that they can be run in tests. */
export const VERIFY: Record<Scheme, Record<Language, string>> = {
  standard: { node: standardNode, python: standardPython, php: standardPhp, go: standardGo, rust: standardRust },
  hub: { node: hubNode, python: hubPython, php: hubPhp, go: hubGo, rust: hubRust },
};
