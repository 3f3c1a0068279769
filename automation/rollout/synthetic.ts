/** When requests of our own are sent while a release is judged, and how that is told; pure. */

import type { Synthetic } from "../../infra/config/settings.ts";

export interface Pace {
  /** Of users alone, on the color that is judged, in `elapsedMs`. */
  readonly users: number;
  /** Requests by which an error rate of `detect` would have been noticed; may be Infinity. */
  readonly needed: number;
  readonly elapsedMs: number;
  /** Of the whole bake or step. */
  readonly durationMs: number;
  /** Whether they are sent now. */
  readonly sends: boolean;
}

/**
 * Whether they are sent from now on: until users alone come at twice the pace that it takes, and
 * again when these fall behind it. Our own good answers would else hide errors of users.
 */
export function sendsOn({ users, needed, elapsedMs, durationMs, sends }: Pace): boolean {
  if (elapsedMs <= 0) return sends;
  const due = (needed * Math.min(elapsedMs, durationMs)) / durationMs;
  return users < (sends ? 2 * due : due);
}

/** What is true of them by the settings, for previews and reports; null where there are none. */
export function syntheticSentence({ enabled, paths, ratePerSecond }: Synthetic): string | null {
  if (!enabled) return null;
  const shown = paths.slice(0, maxShown).join(", ");
  const rest = paths.length > maxShown ? ` and ${paths.length - maxShown} more` : "";
  return `where users' requests don't suffice, up to ${ratePerSecond} synthetic ones a second ask for ${shown}${rest}`;
}

/** Ends a verdict's sentence: how many of its samples weren't of users. */
export function withSynthetic(
  sentence: string,
  { requests, synthetic }: { readonly requests: number; readonly synthetic: number },
): string {
  if (requests === 0) return sentence;
  const some = Math.min(requests, synthetic);
  const count = some === 0 ? "none" : some.toLocaleString("en-US");
  return `${sentence}; ${count} of the ${requests.toLocaleString("en-US")} requests ${some === 1 || some === 0 ? "was" : "were"} synthetic`;
}

const maxShown = 3;
