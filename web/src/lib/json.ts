/** JSON laid out for reading, byte for byte the same values: numbers that JavaScript would round stay as they are. */
export function pretty(text: string): string {
  try {
    JSON.parse(text);
  } catch {
    return text;
  }
  return layOut(text.trim());
}

/** Walks the text once and only sets white space between tokens. */
function layOut(text: string): string {
  let out = "";
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (inString) {
      out += char;
      if (char === "\\") out += text.charAt((at += 1));
      else if (char === '"') inString = false;
    } else if (char === '"') {
      inString = true;
      out += char;
    } else if (char === "{" || char === "[") {
      const close = next(text, at + 1);
      if (text.charAt(close) === (char === "{" ? "}" : "]")) {
        out += char + text.charAt(close);
        at = close;
      } else out += char + line((depth += 1));
    } else if (char === "}" || char === "]") out += line((depth -= 1)) + char;
    else if (char === ",") out += `,${line(depth)}`;
    else if (char === ":") out += ": ";
    else if (!/\s/.test(char)) out += char;
  }
  return out;
}

function next(text: string, from: number): number {
  let at = from;
  while (/\s/.test(text.charAt(at))) at += 1;
  return at;
}

function line(depth: number): string {
  return `\n${"  ".repeat(depth)}`;
}

/** Whether a value is a JSON object. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
