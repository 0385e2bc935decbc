import { describe, expect, it } from "vitest";

import { answerParts, sameAnswer } from "./answers";

describe("how an inbox answers", () => {
  it("is told with its delay, as it was set", () => {
    expect(answerParts({ answer_status: 200, answer_delay_ms: 0 }).key).toBe("answers.atOnce");
    expect([6_000, 60_000, 1_500, 20].map((answer_delay_ms) => answerParts({ answer_status: 503, answer_delay_ms }).delay)).toEqual(["6 s", "1 min", "1.5 s", "20 ms"]);
  });
  it("is the same where both parts are", () => {
    const answer = { answer_status: 200, answer_delay_ms: 0 };
    expect(sameAnswer(answer, { ...answer })).toBe(true);
    expect(sameAnswer(answer, { ...answer, answer_delay_ms: 1 })).toBe(false);
  });
});
