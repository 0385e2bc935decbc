/** A request as a line for a shell; every part quoted, so that nothing of it is run, read from a file, or taken for a pattern. */
export function curl(request: { method: string; url: string; headers: Record<string, string>; body?: string | null }): string {
  const lines = [`curl -sS --globoff -X ${quote(request.method)} ${quote(request.url)}`];
  for (const [name, value] of Object.entries(request.headers)) {
    // curl writes these itself; the body may be changed by hand.
    if (["content-length", "host"].includes(name.toLowerCase())) continue;
    lines.push(`-H ${quote(`${name}: ${value}`)}`);
  }
  // Not `--data-binary`, for which a body of `@/etc/passwd` is that file: bodies of an inbox come from anybody.
  if (request.body) lines.push(`--data-raw ${quote(request.body)}`);
  return lines.join(" \\\n  ");
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
