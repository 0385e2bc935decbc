import { expect, it } from "vitest";

import { decoded, hex } from "./bytes";

const base64 = (bytes: number[]): string => btoa(String.fromCharCode(...bytes));

it("shows text with a broken character as text", () => {
  const bytes = [..."a long answer that was cut in the middle of one character, as truncated ones are: "].map((char) => char.charCodeAt(0));
  expect(decoded(base64([...bytes, 0xe2, 0x82]))).toMatchObject({ how: "text", size: bytes.length + 2 });
});

it("shows other bytes as bytes", () => {
  expect(decoded(base64([0xff, 0xfe, 0x00, 0x41]))).toEqual({ how: "hex", size: 4, text: "00000000  ff fe 00 41                                      ...A" });
});

it("says when it is no base64", () => {
  expect(decoded("not base64!")).toBeNull();
});

it("sets sixteen bytes on a line", () => {
  expect(hex(new Uint8Array(17)).split("\n")).toHaveLength(2);
});
