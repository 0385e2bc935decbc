/** Without its middle where it is long: ids of one kind begin alike, and their ends tell them apart. */
export function shorten(text: string, most = 34): string {
  if (text.length <= most) return text;
  const end = Math.floor((most - 1) / 2);
  return `${text.slice(0, most - 1 - end)}…${text.slice(-end)}`;
}
