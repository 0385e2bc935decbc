import { exact } from "./time";

/** A series of counts as the server's statistics give it: steps in which nothing happened are left out. */
export type Series = {
  since: string;
  until: string;
  step_seconds: number;
  points: readonly { began_at: string; succeeded: number; failed: number }[];
};
export type SeriesBar = { key: string; label: string; good: number; bad: number };

/** The series as bars for a chart, steps without attempts among them; neighbours go together until there are at most `most`. */
export function seriesBars(series: Series, most = 72): SeriesBar[] {
  const since = Date.parse(series.since);
  const step = series.step_seconds * 1000;
  const steps = Math.max(1, Math.ceil((Date.parse(series.until) - since) / step));
  const width = Math.ceil(steps / most) * step;
  const bars = Array.from({ length: Math.ceil((steps * step) / width) }, (_, index) => {
    const began = new Date(since + index * width);
    return { key: String(began.getTime()), label: exact(began, "local").slice(0, 16), good: 0, bad: 0 };
  });
  for (const point of series.points) {
    const bar = bars[Math.floor((Date.parse(point.began_at) - since) / width)];
    if (bar === undefined) continue;
    bar.good += point.succeeded;
    bar.bad += point.failed;
  }
  return bars;
}

/** What happened before a moment, of a series that begins earlier; a step that lies on both sides does not count. */
export function before(series: Series, moment: string): { succeeded: number; failed: number } {
  const end = Date.parse(moment) - series.step_seconds * 1000;
  const sum = { succeeded: 0, failed: 0 };
  for (const point of series.points) {
    if (Date.parse(point.began_at) > end) continue;
    sum.succeeded += point.succeeded;
    sum.failed += point.failed;
  }
  return sum;
}
