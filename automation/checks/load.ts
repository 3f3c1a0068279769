/** The check `load`: a short burst of requests is answered well, and fast enough. */

import { longest } from "../../infra/attempt-times.ts";
import type { CheckOf } from "../../infra/config.ts";
import { burstMs } from "../../infra/config/burst.ts";
import { formatDuration } from "../../infra/duration.ts";
import { head } from "../report/safe-text.ts";
import { percent } from "../rollout/evidence-sentence.ts";
import { plannedOf, sendBurst } from "./burst.ts";
import type { BurstCount } from "./burst.ts";
import type { CheckKindOf } from "./check.ts";
import type { Outcome } from "./finding.ts";
import { maxEvidence } from "./way.ts";

type LoadCheck = CheckOf<"load">;

/** Beyond the burst's own time, for what a busy machine does late. */
const endingMs = 1_000;

export const loadCheck: CheckKindOf<"load"> = {
  kind: "load",
  describe: ({ paths, ratePerSecond, forMs }) =>
    `GET ${paths.join(", ")} is answered well ${ratePerSecond} times a second for ${formatDuration(forMs)}`,
  plan: ({ retries, deadlineMs, ...burst }) => {
    const all = longest(retries, burstMs(burst) + endingMs);
    return { retries, deadlineMs: deadlineMs === 0 ? all : deadlineMs };
  },
  run: async (check, { color, addresses, signal }) => {
    const planned = plannedOf(check);
    if (addresses.length === 0) return unasked(`${color} has no instance to ask`);
    if (planned < addresses.length) {
      return unasked(`${planned} requests are too few for the ${addresses.length} instances`);
    }
    const count = await sendBurst({ ...check, addresses, signal });
    const subject = `${color} answered ${count.times.length} of ${planned} requests well`;
    return judgeBurst(check, count, { subject, cut: signal.aborted });
  },
};

function unasked(sentence: string): Outcome {
  return { verdict: "inconclusive", sentence, evidence: "" };
}

/** Judges what a burst saw; `cut` tells that it was ended before its time. */
export function judgeBurst(
  check: Pick<LoadCheck, "errors" | "withinMs" | "quantile" | "concurrency">,
  count: BurstCount,
  { subject, cut }: { readonly subject: string; readonly cut: boolean },
): Outcome {
  const { planned, sent, elsewhere, problems } = count;
  const numbers = `${subject}, ${timesOf(count)}`;
  const seen = [
    `sent ${sent} of ${planned}, ${count.failed} failed; ${timesOf(count)}`,
    ...problems,
  ];
  const evidence = head(seen.join("\n"), maxEvidence);
  if (cut) {
    return {
      verdict: "error",
      sentence: `it was ended after ${sent} of ${planned} requests`,
      evidence,
    };
  }
  const wrong = [...failures(check, count), ...slowness(check, count)];
  if (wrong.length > 0) {
    const first = problems[0] === undefined ? "" : `; first: ${problems[0]}`;
    return { verdict: "fail", sentence: `${wrong.join("; ")}; ${numbers}${first}`, evidence };
  }
  if (elsewhere > 0) {
    const sentence = `${elsewhere} of ${planned} requests can't reach an instance from here`;
    return { verdict: "inconclusive", sentence: `${sentence}: ${problems[0] ?? ""}`, evidence };
  }
  return { verdict: "pass", sentence: numbers, evidence };
}

function failures(
  { errors, concurrency }: Pick<LoadCheck, "errors" | "concurrency">,
  { planned, sent, failed, elsewhere }: BurstCount,
): readonly string[] {
  // Where nobody is reached, what waits for it keeps others from being sent.
  const unsent = elsewhere === 0 ? planned - sent : 0;
  if (failed + unsent <= errors * planned + Number.EPSILON) return [];
  const share = percent((failed + unsent) / planned);
  const late = unsent === 0 ? "" : `, ${unsent} of them unsent as ${concurrency} were under way`;
  const allowed = errors === 0 ? "none is" : `${percent(errors)} are`;
  return [`${failed + unsent} of ${planned} requests failed (${share})${late}, ${allowed} allowed`];
}

function slowness(
  { withinMs, quantile }: Pick<LoadCheck, "withinMs" | "quantile">,
  { times }: BurstCount,
): readonly string[] {
  const ms = quantileOf(times, quantile);
  if (withinMs === 0 || ms === null || ms <= withinMs) return [];
  return [`${labelOf(quantile)} was ${ms} ms, ${formatDuration(withinMs)} allowed`];
}

function timesOf({ times }: BurstCount): string {
  if (times.length === 0) return "no time to tell";
  const shown = (share: number) => Math.max(1, quantileOf(times, share) ?? 0);
  return [0.5, 0.99].map((share) => `${labelOf(share)} ${shown(share)} ms`).join(", ");
}

function labelOf(quantile: number): string {
  return `p${Number((100 * quantile).toPrecision(4))}`;
}

/** The smallest time that at least this share of them doesn't exceed; null: there are none. */
export function quantileOf(times: readonly number[], share: number): number | null {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length - 1e-9) - 1)] ?? null;
}
