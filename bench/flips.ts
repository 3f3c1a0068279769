/** Flips of the embedded router under constant load: how long, how many lost, what users feel. */

import { setTimeout as sleep } from "node:timers/promises";
import { otherColor } from "../infra/model.ts";
import type { Color } from "../infra/model.ts";
import { followed, latencies, problemsOf } from "./aftermath.ts";
import type { Flip } from "./aftermath.ts";
import type { ClientResult } from "./client-facts.ts";
import { nowMs } from "./clock.ts";
import { makePlace, withLoad } from "./place.ts";
import { spreadOf, upperPerMillion } from "./statistics.ts";
import type { Row } from "./table.ts";

export interface FlipOptions {
  readonly switches: number;
  readonly ratePerSecond: number;
}

export interface FlipResult {
  readonly rows: readonly Row[];
  readonly notes: readonly string[];
  readonly raw: { readonly flips: readonly Flip[]; readonly client: ClientResult };
}

const warmUpMs = 2_000;
/** Longer than the slow requests take, so that one flip's last replies come before the next. */
const pauseMs = 400;
const endMs = 1_000;
/** So far before and after a flip, a request counts as around it. */
const aroundMs = 50;

export async function benchFlips({ switches, ratePerSecond }: FlipOptions): Promise<FlipResult> {
  const place = await makePlace();
  const flips: Flip[] = [];
  try {
    const ms = 3_600_000;
    const order = { url: place.url, mode: "paced", ratePerSecond, connections: 64 } as const;
    const client = await withLoad(
      { ...order, webSockets: 5, mixed: true, fresh: true, ms },
      async () => {
        await sleep(warmUpMs);
        let active: Color = "blue";
        for (let each = 0; each < switches; each += 1) {
          active = otherColor(active);
          const calledAt = nowMs();
          await place.flip(active, each + 2);
          flips.push({ to: active, calledAt, returnedAt: nowMs() });
          // Never in step with the requests.
          await sleep(pauseMs + Math.random() * 20);
        }
        await sleep(endMs);
      },
    );
    return judge(flips, client);
  } finally {
    await place.end();
  }
}

function judge(flips: readonly Flip[], client: ClientResult): FlipResult {
  const { samples, sockets, unsent } = client;
  const whole = samples.filter(({ problem }) => problem === null);
  const lost = samples.length - whole.length;
  const measured = flips.map((flip, index) => {
    return followed(flip, flips[index + 1]?.calledAt ?? Infinity, samples);
  });
  const late = measured.reduce((sum, each) => sum + each.late, 0);
  const lastMs = flips.map((flip, index) => {
    return Math.max(0, (measured[index]?.lastReplyAt ?? 0) - flip.returnedAt);
  });
  const { around, steady } = latencies(flips, whole, aroundMs);
  const [from, to] = [samples[0]?.startedAt ?? 0, samples.at(-1)?.startedAt ?? 0];
  const rate = Math.round((samples.length / (to - from)) * 1_000);
  const perMillion = Math.round(upperPerMillion(lost, samples.length));
  return {
    rows: [
      { what: "flip call", unit: "ms", spread: spreadOf(flips.map(durationOf)) },
      {
        what: "flip to the former color's last reply",
        unit: "ms",
        spread: spreadOf(lastMs),
      },
      {
        what: "longest request in flight at the flip",
        unit: "ms",
        spread: spreadOf(measured.map(({ longestMs }) => longestMs)),
      },
      { what: "latency within 50 ms of a flip", unit: "ms", spread: spreadOf(around) },
      { what: "latency otherwise", unit: "ms", spread: spreadOf(steady) },
    ],
    notes: [
      `${flips.length} flips, ${samples.length} requests at ${rate} per second, ${unsent} not sent`,
      `lost: ${lost} requests (95 % sure of less than ${perMillion} per million)`,
      `WebSockets: ${sockets.lost} of ${sockets.sent} texts lost, ${sockets.closed} closed`,
      `requests sent after a flip and answered by the former color: ${late}`,
      ...problemsOf(samples),
    ],
    raw: { flips, client },
  };
}

function durationOf({ calledAt, returnedAt }: Flip): number {
  return returnedAt - calledAt;
}
