/**
 * The text of a member of a JSON object, byte for byte as it came: parsed and written again, numbers that JavaScript
 * cannot hold would be others. `null` where there is no such member. `json` must be valid.
 */
export function rawMember(json: string, name: string): string | null {
  let at = json.indexOf("{") + 1;
  while (at > 0 && at < json.length) {
    const nameFrom = skip(json, at, /[\s,]/);
    if (json.charAt(nameFrom) !== '"') return null;
    const nameTo = valueEnd(json, nameFrom);
    const from = skip(json, nameTo, /[\s:]/);
    const to = valueEnd(json, from);
    if (JSON.parse(json.slice(nameFrom, nameTo)) === name) return json.slice(from, to);
    at = to;
  }
  return null;
}

/** An object as JSON; where `raw` has the text of a member, that goes out and not the value that was read from it. */
export function withRaw(value: object, raw: Readonly<Record<string, string>>): string {
  const members = Object.entries(value).flatMap(([name, member]) => (member === undefined ? [] : [`${JSON.stringify(name)}:${raw[name] ?? JSON.stringify(member)}`]));
  return `{${members.join(",")}}`;
}

function skip(json: string, from: number, what: RegExp): number {
  let at = from;
  while (at < json.length && what.test(json.charAt(at))) at += 1;
  return at;
}

/** Where the value that begins here ends. */
function valueEnd(json: string, from: number): number {
  const first = json.charAt(from);
  if (first === '"') return stringEnd(json, from) + 1;
  if (first !== "{" && first !== "[") return skip(json, from, /[^\s,:}\]]/);
  let depth = 0;
  for (let at = from; at < json.length; at += 1) {
    const char = json.charAt(at);
    if (char === '"') at = stringEnd(json, at);
    else if (char === "{" || char === "[") depth += 1;
    else if (char === "}" || char === "]") depth -= 1;
    if (depth === 0) return at + 1;
  }
  return json.length;
}

/** The place of the quote that ends the string that begins here. */
function stringEnd(json: string, from: number): number {
  let at = from + 1;
  while (at < json.length && json.charAt(at) !== '"') at += json.charAt(at) === "\\" ? 2 : 1;
  return at;
}
