/** Waits between tries as a person writes them: `10 s, 1 min, 3 x 2 h`. */

const UNITS: Readonly<Record<string, number>> = {
  s: 1, sec: 1, second: 1, seconds: 1,
  m: 60, min: 60, minute: 60, minutes: 60,
  h: 3_600, hour: 3_600, hours: 3_600,
  d: 86_400, day: 86_400, days: 86_400,
};
/** More are not read: the server refuses a longer list, and nobody wants a page of it. */
const MOST = 10_000;

export type Waits = { seconds: number[]; fault: null } | { seconds: null; fault: string };

/** The seconds that a text names, or the first part of it that is no wait. A number without a unit is seconds. */
export function parseWaits(text: string): Waits {
  const seconds: number[] = [];
  for (const part of text.split(/[,;\n]/).map((each) => each.trim()).filter((each) => each !== "")) {
    const match = /^(?:(\d{1,5})\s*[x×*]\s*)?(\d{1,9})\s*([a-z]*)$/i.exec(part);
    const unit = match === null ? undefined : UNITS[(match[3] || "s").toLowerCase()];
    if (match === null || unit === undefined) return { seconds: null, fault: part };
    const times = Number(match[1] ?? 1);
    if (times < 1 || seconds.length + times > MOST) return { seconds: null, fault: part };
    for (let nth = 0; nth < times; nth += 1) seconds.push(Number(match[2]) * unit);
  }
  return { seconds, fault: null };
}

/** The same waits as a text; those that repeat are counted. */
export function writeWaits(seconds: readonly number[]): string {
  return runs(seconds).map(({ value, times }) => (times > 1 ? `${times} x ${writeOne(value)}` : writeOne(value))).join(", ");
}

function writeOne(seconds: number): string {
  for (const [unit, size] of [["d", 86_400], ["h", 3_600], ["min", 60]] as const) {
    if (seconds >= size && seconds % size === 0) return `${seconds / size} ${unit}`;
  }
  return `${seconds} s`;
}

function runs(seconds: readonly number[]): { value: number; times: number }[] {
  const found: { value: number; times: number }[] = [];
  for (const value of seconds) {
    const last = found.at(-1);
    if (last?.value === value) last.times += 1;
    else found.push({ value, times: 1 });
  }
  return found;
}

export type Retry = { nth: number; wait: number; after: number };

/** When each retry comes, in seconds after the first try, if every try fails at once; and how many come too late. */
export function retriesOf(waits: readonly number[], giveUpAfterSeconds: number): { retries: Retry[]; tooLate: number } {
  let after = 0;
  const all = waits.map((wait, index) => ({ nth: index + 1, wait, after: (after += wait) }));
  // Delivery rule 4: given up so long after the schedule began.
  const retries = all.filter((retry) => retry.after <= giveUpAfterSeconds);
  return { retries, tooLate: all.length - retries.length };
}
