/** Bytes that were sent as base64, for reading. */
export type Decoded = { text: string; size: number; how: "text" | "hex" };

/** As text where nearly all of it is text in UTF-8; else as a dump of bytes. `null` where it is no base64. */
export function decoded(base64: string): Decoded | null {
  const bytes = fromBase64(base64);
  if (bytes === null) return null;
  const text = new TextDecoder().decode(bytes);
  const strange = [...text].filter((char) => char === "\uFFFD" || (char < " " && !"\n\r\t".includes(char))).length;
  if (strange <= text.length / 50) return { text, size: bytes.length, how: "text" };
  return { text: hex(bytes), size: bytes.length, how: "hex" };
}

function fromBase64(base64: string): Uint8Array | null {
  try {
    return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
  } catch {
    return null;
  }
}

/** `00000010  48 6f 6f 6b 66 65 72 72 79  Hookferry`, sixteen a line. */
export function hex(bytes: Uint8Array): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += 16) {
    const part = [...bytes.slice(at, at + 16)];
    const codes = part.map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
    const shown = part.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ".")).join("");
    lines.push(`${at.toString(16).padStart(8, "0")}  ${codes.padEnd(47)}  ${shown}`);
  }
  return lines.join("\n");
}
