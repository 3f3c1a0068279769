/** Reads every metric of one color once and says what the judge would make of it. */

import type { Settings } from "../../infra/config.ts";
import type { RouterReading } from "../../infra/model.ts";
import { slowness } from "../rollout/latency.ts";
import { judgeBake } from "../rollout/metrics-judgement.ts";
import type { MetricVerdict } from "../rollout/metrics-joint.ts";
import { metricRule } from "../rollout/metrics.ts";
import type { Grounds, MetricReading, Seen } from "../rollout/metrics.ts";
import { trafficSeen } from "./former-history.ts";
import type { MetricSource, Subject } from "./source.ts";

export interface Rehearsed extends MetricVerdict {
  /** Null for errors and latency, which the router counts. */
  readonly reading: MetricReading | null;
}

export interface Rehearsal {
  readonly settings: Pick<Settings, "bake" | "metrics">;
  readonly sources: readonly MetricSource[];
  readonly reading: RouterReading;
  readonly subject: Subject;
  readonly signal: AbortSignal;
}

/**
 * Counts are judged as if the color had served all of them in a bake, without any history; a value
 * by one reading, with this color's own as the former one's.
 */
export async function rehearse(rehearsal: Rehearsal): Promise<readonly Rehearsed[]> {
  const { sources, subject, signal, reading } = rehearsal;
  const read = await Promise.all(
    sources.map(async (source) => [source.name, await source.ask(subject, signal)] as const),
  );
  const metrics = Object.fromEntries(read);
  const grounds = groundsOf(rehearsal, metrics);
  const begun = grounds.metrics.filter(({ reads }) => reads === "counts");
  const zeros = begun.map(({ name }) => [name, { bad: 0, total: 0 }] as const);
  const { traffic = null } = trafficSeen(reading, subject.color);
  const seen: Seen[] = [
    { atMs: 0, metrics: Object.fromEntries(zeros) },
    { atMs: 0, traffic, metrics },
  ];
  const { metrics: verdicts } = judgeBake(grounds, seen, { atMs: 0 });
  const latency = latencyOf(rehearsal);
  const [errors, ...others] = traffic ? verdicts : [uncounted, ...verdicts];
  return [...(errors ? [errors] : []), latency, ...others].map((verdict) => {
    const found = metrics[verdict.name] ?? null;
    if (found && "error" in found) return unread(verdict.name, found);
    const sentence = found && "assumed" in found ? verdict.sentence + assumption : verdict.sentence;
    return { ...verdict, sentence, reading: found };
  });
}

function unread(name: string, reading: { readonly error: string }): Rehearsed {
  return { name, verdict: "error", sentence: `${name} can't be read: ${reading.error}`, reading };
}

/** A query with a slip in it finds nothing either, for ever. */
const assumption = "; `bad` finds nothing, which counts as 0: is it spelled right?";

const uncounted: MetricVerdict = {
  name: "errors",
  verdict: "inconclusive",
  sentence: "errors can't be judged: the router counts no traffic per color",
};

function groundsOf(
  { settings, subject }: Rehearsal,
  readings: Readonly<Record<string, MetricReading>>,
): Grounds {
  const rules = settings.metrics.map(metricRule);
  const values = rules.filter(({ reads }) => reads === "value").map(({ name }) => name);
  const own = Object.fromEntries(
    Object.entries(readings).filter(([name]) => values.includes(name)),
  );
  return {
    color: subject.color,
    bake: settings.bake,
    metrics: rules.map((rule) => ({ ...rule, consecutive: 1, afterMs: 0 })),
    boundsMs: null,
    former: [{ atMs: -1, metrics: own }],
  };
}

/** What would be slow, were this color the former one. */
function latencyOf({ settings, reading, subject }: Rehearsal): MetricVerdict {
  const { traffic } = reading;
  const latency = traffic.kind === "counted" ? traffic.colors[subject.color].latency : undefined;
  const name = "latency";
  if (!latency) {
    const sentence = "latency can't be judged: the router doesn't measure it per color";
    return { name, verdict: "inconclusive", sentence };
  }
  const measure = slowness(latency, [], settings.bake.latency);
  if ("unjudged" in measure) {
    return {
      name,
      verdict: "inconclusive",
      sentence: `latency can't be judged: ${measure.unjudged}`,
    };
  }
  const most = `${Number((100 * measure.p0).toPrecision(2))} %`;
  const bound = `${Number(measure.overMs.toPrecision(3))} ms`;
  const sentence = `latency: a successor may have at most ${most} of its replies slower than ${bound}`;
  return { name, verdict: "pass", sentence };
}
