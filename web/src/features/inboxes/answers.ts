import { milliseconds } from "@/lib/numbers";
import { span } from "@/lib/time";

/** Ways to answer that are worth trying, with one click each. */
export const PRESETS = [
  { key: "ok", answer_status: 200, answer_delay_ms: 0 },
  { key: "notFound", answer_status: 404, answer_delay_ms: 0 },
  { key: "gone", answer_status: 410, answer_delay_ms: 0 },
  { key: "tooMany", answer_status: 429, answer_delay_ms: 0 },
  { key: "error", answer_status: 500, answer_delay_ms: 0 },
  { key: "busy", answer_status: 503, answer_delay_ms: 0 },
  { key: "slow", answer_status: 200, answer_delay_ms: 6_000 },
] as const;

export type Answer = { answer_status: number; answer_delay_ms: number };

export function sameAnswer(one: Answer, other: Answer): boolean {
  return one.answer_status === other.answer_status && one.answer_delay_ms === other.answer_delay_ms;
}

/** The parts of "503 after 6 s". */
export function answerParts(answer: Answer): { key: "answers.atOnce" | "answers.after"; status: number; delay: string } {
  const key = answer.answer_delay_ms === 0 ? "answers.atOnce" : "answers.after";
  return { key, status: answer.answer_status, delay: delayOf(answer.answer_delay_ms) };
}

/** Whole seconds as they were set: `6 s`, not `6.0 s`. */
function delayOf(value: number): string {
  return value % 1000 === 0 ? span(value / 1000) : milliseconds(value);
}
