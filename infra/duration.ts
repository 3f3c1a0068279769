/** Lengths of time as people write them ("500ms", "30s", "1h30m"), parsed once to milliseconds. */

export const second = 1_000;
export const minute = 60 * second;
export const hour = 60 * minute;

/** A parsed duration in milliseconds; the settings keep it under a name that ends in `Ms`. */
export class Duration {
  readonly ms: number;

  constructor(ms: number) {
    this.ms = ms;
  }
}

const form = /^(?=\d)(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s)?(?:(\d{1,9})ms)?$/;

/** Milliseconds of a text such as "250ms", "30s", "15m", "24h", "1h30m"; null if it is none. */
export function parseDuration(text: string): number | null {
  const parts = form.exec(text);
  if (parts === null) return null;
  const [hours = 0, minutes = 0, seconds = 0, ms = 0] = parts.slice(1).map((n) => Number(n || 0));
  return hours * hour + minutes * minute + seconds * second + ms;
}

/** The shortest exact text that `parseDuration` reads back as the same number; "0s" for zero. */
export function formatDuration(ms: number): string {
  const whole = Math.max(0, Math.round(ms));
  const parts = [
    [Math.floor(whole / hour), "h"],
    [Math.floor((whole % hour) / minute), "m"],
    [Math.floor((whole % minute) / second), "s"],
    [whole % second, "ms"],
  ] as const;
  const text = parts.map(([count, unit]) => (count === 0 ? "" : `${count}${unit}`)).join("");
  return text === "" ? "0s" : text;
}
