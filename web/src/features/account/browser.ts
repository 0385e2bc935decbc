/** The first that is found names it: many browsers name others as well, for compatibility. */
const BROWSERS: readonly [RegExp, string][] = [
  [/Edg(?:e|A|iOS)?\//, "Edge"], [/OPR\/|Opera/, "Opera"], [/SamsungBrowser\//, "Samsung Internet"], [/Firefox\/|FxiOS\//, "Firefox"],
  [/Chrome\/|CriOS\/|Chromium\//, "Chrome"], [/Version\/.*Safari\//, "Safari"], [/^curl\//, "curl"],
];
const SYSTEMS: readonly [RegExp, string][] = [
  [/iPhone|iPod/, "iPhone"], [/iPad/, "iPad"], [/Android/, "Android"], [/CrOS/, "ChromeOS"], [/Windows/, "Windows"],
  [/Mac OS X|Macintosh/, "macOS"], [/Linux|X11/, "Linux"],
];

const first = (names: readonly [RegExp, string][], text: string): string | null => names.find(([pattern]) => pattern.test(text))?.[1] ?? null;

/** What a `User-Agent` says it is, as a person calls it; `null` for what is not known. */
export function browserOf(userAgent: string): { browser: string; system: string | null } | null {
  const browser = first(BROWSERS, userAgent);
  return browser === null ? null : { browser, system: first(SYSTEMS, userAgent) };
}
