/** Numbers as a person reads them, with their units. */

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** `1,204` */
export function count(value: number): string {
  return whole.format(value);
}

/** `98.2 %`; never rounded up to 100 % or down to 0 % where it is not. */
export function percent(share: number): string {
  const value = share * 100;
  const digits = value > 99 && value < 100 ? 2 : 1;
  const factor = 10 ** digits;
  const floored = Math.floor(value * factor) / factor;
  if (value > 0 && floored === 0) return "< 0.1 %";
  return `${Number.isInteger(floored) ? floored : floored.toFixed(digits)} %`;
}

/** `3 ms`, `182 ms`, `1.2 s` */
export function milliseconds(value: number): string {
  if (value < 1) return "< 1 ms";
  if (value < 1000) return `${Math.round(value)} ms`;
  return `${(value / 1000).toFixed(value < 10_000 ? 1 : 0)} s`;
}

/** `512 B`, `1.5 KiB` */
export function bytes(value: number): string {
  if (value < 1024) return `${value} B`;
  if (value < 1024 * 1024) return `${(value / 1024).toFixed(1)} KiB`;
  return `${(value / 1024 / 1024).toFixed(1)} MiB`;
}
