/** Times as a person reads them. All take the moment they are told from, so that they can be tested. */

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A span of seconds in its two biggest units: `41 s`, `6 min`, `2 h 5 min`, `3 d 4 h`. */
export function span(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < MINUTE) return `${whole} s`;
  if (whole < HOUR) return `${Math.floor(whole / MINUTE)} min`;
  if (whole < DAY) return two(whole, HOUR, "h", MINUTE, "min");
  return two(whole, DAY, "d", HOUR, "h");
}

function two(seconds: number, big: number, bigName: string, small: number, smallName: string): string {
  const rest = Math.floor((seconds % big) / small);
  const first = `${Math.floor(seconds / big)} ${bigName}`;
  return rest === 0 ? first : `${first} ${rest} ${smallName}`;
}

/** A span of seconds in its biggest unit, for columns: `41 s`, `6 min`, `9 h`, `3 d`. */
export function roughly(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < HOUR) return span(whole);
  return whole < DAY ? `${Math.floor(whole / HOUR)} h` : `${Math.floor(whole / DAY)} d`;
}

/** A countdown: `0:41`, `6:41`, `1:06:41`. */
export function countdown(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds));
  const pad = (value: number): string => String(value).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / HOUR), Math.floor((whole % HOUR) / MINUTE)];
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(whole % MINUTE)}` : `${minutes}:${pad(whole % MINUTE)}`;
}

/** `2026-11-20 14:03:12.418`, in UTC or in the viewer's zone. */
export function exact(at: Date, zone: "utc" | "local"): string {
  const parts =
    zone === "utc"
      ? [at.getUTCFullYear(), at.getUTCMonth() + 1, at.getUTCDate(), at.getUTCHours(), at.getUTCMinutes(), at.getUTCSeconds(), at.getUTCMilliseconds()]
      : [at.getFullYear(), at.getMonth() + 1, at.getDate(), at.getHours(), at.getMinutes(), at.getSeconds(), at.getMilliseconds()];
  const [year, month, day, hour, minute, second, milli] = parts.map((part, index) => String(part).padStart([4, 2, 2, 2, 2, 2, 3][index] ?? 2, "0"));
  return `${year}-${month}-${day} ${hour}:${minute}:${second}.${milli}`;
}

/** `14:03:12` today, else with the day: for rows of a timeline, in the viewer's zone. */
export function clock(at: Date, now: Date): string {
  const time = exact(at, "local").slice(11, 19);
  return at.toDateString() === now.toDateString() ? time : `${exact(at, "local").slice(0, 10)} ${time}`;
}
