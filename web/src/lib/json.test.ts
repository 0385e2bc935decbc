import { expect, it } from "vitest";

import { curl } from "./curl";
import { pretty } from "./json";

it("lays JSON out without touching a value", () => {
  const text = '{"id":12345678901234567890,"a":[],"b":{ },"t":"x\\"{,}","n":[1.0,2e3]}';
  const laidOut = pretty(text);
  expect(laidOut).toBe('{\n  "id": 12345678901234567890,\n  "a": [],\n  "b": {},\n  "t": "x\\"{,}",\n  "n": [\n    1.0,\n    2e3\n  ]\n}');
  expect(JSON.parse(laidOut)).toEqual(JSON.parse(text));
});

it("leaves what is no JSON as it is", () => {
  expect(pretty("<html>{</html>")).toBe("<html>{</html>");
});

it("quotes every part of a curl line", () => {
  const line = curl({ method: "POST", url: "https://a.example/x?y='$(id)'", headers: { "X-A": "it's", "Content-Length": "3" }, body: "{\"a\":\"'\"}" });
  expect(line).toContain(`'https://a.example/x?y='\\''$(id)'\\'''`);
  expect(line).toContain(`-H 'X-A: it'\\''s'`);
  expect(line).not.toContain("Content-Length");
  expect(curl({ method: "POST", url: "https://a.example/{a}", headers: {}, body: "@/etc/passwd" })).toBe("curl -sS --globoff -X 'POST' 'https://a.example/{a}' \\\n  --data-raw '@/etc/passwd'");
});
