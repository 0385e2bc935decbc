import { Tooltip } from "@mantine/core";

import { count } from "@/lib/numbers";

import classes from "./BarChart.module.css";

export type Bar = { key: string; label: string; good: number; bad: number };

/**
 * Bars over time, failed ones on top of delivered ones. Drawn by hand: a library for charts is more than a
 * third of what a first load may take. The same numbers stand in a table for the ear.
 */
export function BarChart({ bars, height = 140, caption, names }: { bars: readonly Bar[]; height?: number; caption: string; names: { good: string; bad: string; when: string } }) {
  const top = Math.max(1, ...bars.map((bar) => bar.good + bar.bad));
  // What is there is seen, however little it is beside the rest.
  const part = (value: number) => ({ height: `${(value / top) * 100}%`, minHeight: value > 0 ? 2 : 0 });
  return (
    <figure className={classes.figure}>
      <div className={classes.scale} aria-hidden>{count(top)}</div>
      <div className={classes.bars} style={{ height }} aria-hidden>
        {bars.map((bar) => (
          <Tooltip key={bar.key} label={`${bar.label}: ${count(bar.good)} ${names.good}, ${count(bar.bad)} ${names.bad}`}>
            <div className={classes.bar}>
              <div className={classes.bad} style={part(bar.bad)} />
              <div className={classes.good} style={part(bar.good)} />
            </div>
          </Tooltip>
        ))}
      </div>
      <div className={classes.scale} aria-hidden>
        <span>{bars[0]?.label}</span>
        <span>{bars.at(-1)?.label}</span>
      </div>
      {/* A table is as high as its rows whatever it is told: what hides it is around it, or the page grows by it. */}
      <div className="hf-ear">
        <table>
          <caption>{caption}</caption>
          <thead><tr><th>{names.when}</th><th>{names.good}</th><th>{names.bad}</th></tr></thead>
          <tbody>
            {bars.map((bar) => <tr key={bar.key}><td>{bar.label}</td><td>{bar.good}</td><td>{bar.bad}</td></tr>)}
          </tbody>
        </table>
      </div>
    </figure>
  );
}

/** The same in a row's height, without numbers: `label` tells it to the ear. */
export function Sparkline({ bars, label }: { bars: readonly Bar[]; label: string }) {
  const top = Math.max(1, ...bars.map((bar) => bar.good + bar.bad));
  const width = 100 / Math.max(1, bars.length);
  return (
    <svg className={classes.spark} viewBox="0 0 100 24" preserveAspectRatio="none" role="img" aria-label={label}>
      <line x1="0" x2="100" y1="23.5" y2="23.5" className={classes.ground} />
      {bars.map((bar, index) => {
        const [good, bad] = [(bar.good / top) * 22, (bar.bad / top) * 22];
        const x = index * width + width * 0.15;
        return (
          <g key={bar.key}>
            <rect x={x} width={width * 0.7} y={24 - good} height={good} className={classes.sparkGood} />
            <rect x={x} width={width * 0.7} y={24 - good - bad} height={bad} className={classes.sparkBad} />
          </g>
        );
      })}
    </svg>
  );
}
