/** Judges all that a bake has read: errors, latency and further metrics, in one verdict; pure. */

import { formatDuration } from "../../infra/duration.ts";
import type { Verdict } from "../../infra/model.ts";
import { logMixtureE, requiredSamples } from "./evidence.ts";
import type { Sample } from "./evidence.ts";
import { percent } from "./evidence-sentence.ts";
import { repliesBetween, slowCounts, slowness } from "./latency.ts";
import type { Slowness, Unjudged } from "./latency.ts";
import { judgeJointly, weightsOf } from "./metrics-joint.ts";
import type { MetricVerdict, Series } from "./metrics-joint.ts";
import { judgeLimit } from "./metrics-limit.ts";
import { binsOf, readingsOf, sinceFirst } from "./metrics.ts";
import type { Grounds, MetricRule, Seen } from "./metrics.ts";
import { ownJudged, ownSeries, withOwn } from "./own-series.ts";
import type { OwnJudged } from "./own-series.ts";
import { overdispersion, yardstick } from "./yardstick.ts";
import type { Yardstick } from "./yardstick.ts";

/** What follows from the grounds alone, before the first reading. */
export interface Measures {
  readonly errors: Yardstick & { readonly phi: number };
  readonly latency: Slowness | Unjudged;
}

export interface BakeJudgement {
  readonly verdict: Exclude<Verdict, "error">;
  readonly sentence: string;
  /** The metric that decided: "errors", "latency", or a name; null: none. */
  readonly driver: string | null;
  readonly metrics: readonly MetricVerdict[];
  /** What the new color served. */
  readonly requests: number;
  readonly errors: number;
  /** Requests by which `bake.detect` errors would have been noticed; Infinity: by no number. */
  readonly needed: number;
  /** Of users alone; null: no requests of our own are among them. */
  readonly users: UsersJudged | null;
  /** Of our own requests; null: they aren't told apart. */
  readonly own: OwnJudged | null;
}

export interface UsersJudged {
  readonly requests: number;
  readonly errors: number;
  /** True where they alone are evidence enough against the release. */
  readonly over: boolean;
}

/** Never the name of a metric, which has no blanks. */
export const usersName = "errors of users";

export function measuresOf(grounds: Grounds): Measures {
  const { bake, former } = grounds;
  const samples = trafficSamples(former);
  const history = countsIn(samples);
  const phi = overdispersion(binsOf(sinceReset(samples)));
  const errors = yardstick({ history, errorBudget: bake.errorBudget, phi });
  return { errors: { ...errors, phi }, latency: latencyMeasure(grounds) };
}

/** All that was seen until `atMs`, in milliseconds since the switch. */
export function judgeBake(
  grounds: Grounds,
  seen: readonly Seen[],
  { atMs, measures = measuresOf(grounds) }: { readonly atMs: number; readonly measures?: Measures },
): BakeJudgement {
  const { bake, metrics } = grounds;
  const traffic = trafficSamples(seen);
  const series = [
    ...(traffic.length === 0 ? [] : [errorSeries(traffic, measures, bake.detect)]),
    ...usersSeries(seen, measures, bake.detect),
    ...ownSeries(seen, measures.errors, bake.detect),
    ...latencySeries(grounds, seen, measures),
    ...metrics
      .filter(({ reads }) => reads === "counts")
      .map((rule) => countSeries(grounds, rule, seen)),
  ];
  const limits = metrics
    .filter(({ reads }) => reads === "value")
    .map((rule) =>
      judgeLimit(rule, readingsOf(seen, rule.name), readingsOf(grounds.former, rule.name)),
    );
  const users = usersJudged(series, bake.alpha);
  const own = ownJudged(series);
  const joint = judgeJointly(series, bake.alpha)
    .flatMap((each) => withUsers(each, users))
    .flatMap((each) => withOwn(each, own));
  const verdicts = [...joint, ...limits].map((verdict) =>
    silenced(verdict, { metrics, seen, atMs }),
  );
  const { requests = 0, errors = 0 } = traffic.at(-1) ?? {};
  const needed = neededBy(measures, { ...bake, among: amongOf(series) });
  return { ...overall(verdicts, seen), metrics: verdicts, requests, errors, needed, users, own };
}

/** Into how many parts alpha is divided, as far as errors have one of them. */
function amongOf(series: readonly Series[]): number {
  const weights = weightsOf(series);
  const index = series.findIndex(({ weight }) => weight === undefined);
  return 1 / (weights[index] ?? 1);
}

/** By either share that a pass may be measured by; the larger number, where both can do. */
function neededBy(
  { errors }: Measures,
  { alpha, detect, among }: { alpha: number; detect: number; among: number },
): number {
  const { p0, passP0, phi } = errors;
  const [most, least] = [p0, passP0].map((share) =>
    Math.ceil(phi * requiredSamples({ p0: share, detect, alpha: alpha / among })),
  );
  return most === undefined || most === Infinity ? (least ?? Infinity) : most;
}

/** The worst decides: a fail, then what is still open. */
function overall(verdicts: readonly MetricVerdict[], seen: readonly Seen[]) {
  const failed = verdicts.find(({ verdict }) => verdict === "fail");
  if (failed) return { verdict: "fail", sentence: failed.sentence, driver: failed.name } as const;
  const open = verdicts.filter(({ verdict }) => verdict !== "pass");
  const { blindness, fatal } = blindnessOf(seen, verdicts.length);
  const told = (open.length > 0 ? open : verdicts).map(({ sentence }) => sentence);
  const sentence = [...(blindness === null ? [] : [blindness]), ...told].join("; ");
  const verdict = fatal || open.length > 0 ? "inconclusive" : "pass";
  return { verdict, sentence, driver: open[0]?.name ?? null } as const;
}

/** What can't be said of the requests, and whether that alone keeps the bake from passing. */
function blindnessOf(seen: readonly Seen[], judged: number) {
  const looks = seen.flatMap(({ traffic }) => (traffic === undefined ? [] : [traffic]));
  if (looks.every((traffic) => traffic === null)) {
    const rest = judged === 0 ? ", nothing was judged" : "";
    return { blindness: `traffic can't be counted here${rest}`, fatal: judged === 0 };
  }
  const lost = looks.at(-1) === null;
  const blindness = lost ? "the router doesn't say any more what it served" : null;
  return { blindness, fatal: lost };
}

function trafficSamples(seen: readonly Seen[]): readonly Sample[] {
  return seen.flatMap(({ atMs, traffic }) => {
    if (traffic === undefined || traffic === null) return [];
    const [requests, errors] = traffic;
    return [{ atMs, requests, errors }];
  });
}

/** From the last reset of the counters on: what came before may be of another router. */
function sinceReset<T extends Sample>(samples: readonly T[]): readonly T[] {
  const fall = samples.findLastIndex(
    ({ requests }, index) => requests < (samples[index - 1]?.requests ?? 0),
  );
  return samples.slice(Math.max(0, fall));
}

function countsIn(all: readonly Sample[]): { bad: number; total: number } | null {
  const samples = sinceReset(all);
  const [first, last] = [samples[0], samples.at(-1)];
  if (!first || !last || last.requests <= first.requests) return null;
  const total = last.requests - first.requests;
  return { total, bad: Math.min(total, Math.max(0, last.errors - first.errors)) };
}

function errorSeries(samples: readonly Sample[], { errors }: Measures, detect: number): Series {
  const { p0, passP0, phi } = errors;
  return { name: "errors", title: "", samples, p0, passP0, phi, detect };
}

/** Good answers to our own requests must not hide errors of users: these are judged alone, too. */
function usersSeries(seen: readonly Seen[], measures: Measures, detect: number): readonly Series[] {
  const samples = seen.flatMap(({ atMs, users }) =>
    users === undefined ? [] : [{ atMs, requests: users[0], errors: users[1] }],
  );
  if (samples.length === 0) return [];
  const series = errorSeries(samples, measures, detect);
  return [{ ...series, name: usersName, title: "users alone" }];
}

function usersJudged(series: readonly Series[], alpha: number): UsersJudged | null {
  const users = series.find(({ name }) => name === usersName);
  if (!users) return null;
  const { requests = 0, errors = 0 } = users.samples.at(-1) ?? {};
  return { requests, errors, over: logMixtureE(users) >= -Math.log(alpha) };
}

/** Users need not be many for a pass; but where they alone are over their limit, there is none. */
function withUsers(verdict: MetricVerdict, users: UsersJudged | null): readonly MetricVerdict[] {
  if (verdict.name !== usersName || verdict.verdict === "fail") return [verdict];
  if (users?.over !== true) return [];
  const { requests, errors } = users;
  const said = `${errors.toLocaleString("en-US")} errors in ${requests.toLocaleString("en-US")} requests`;
  const sentence = `users alone: ${said} are too many for a pass`;
  return [{ ...verdict, verdict: "inconclusive", sentence }];
}

function latencyMeasure({ bake, boundsMs, former }: Grounds): Slowness | Unjudged {
  const { enabled, afterMs } = bake.latency;
  if (!enabled) return { unjudged: "`bake.latency.enabled` is false" };
  if (boundsMs === null) return { unjudged: "the router doesn't measure it per color" };
  if (afterMs >= bake.durationMs) {
    return { unjudged: `the bake is over within ${formatDuration(afterMs)}` };
  }
  const readings = former.flatMap(({ latency }) => (latency ? [latency] : []));
  const bins = readings
    .slice(1)
    .map((after, index) => repliesBetween(readings[index] ?? [], after));
  const fall = bins.lastIndexOf(null);
  const usable = bins.slice(fall + 1).flatMap((bin) => (bin ? [{ boundsMs, counts: bin }] : []));
  const [first = [], last = []] = [readings[fall + 1], readings.at(-1)];
  const counts = repliesBetween(first, last) ?? [];
  return slowness({ boundsMs, counts }, usable, bake.latency);
}

function latencySeries(
  { bake, boundsMs }: Grounds,
  seen: readonly Seen[],
  { latency: measure }: Measures,
): readonly Series[] {
  if ("unjudged" in measure || boundsMs === null) return [];
  const { overMs, p0, phi } = measure;
  const raw = seen.flatMap(({ atMs, latency }) => {
    if (latency === undefined || atMs < bake.latency.afterMs) return [];
    const { bad, total } = slowCounts({ boundsMs, counts: latency }, overMs);
    return [{ atMs, requests: total, errors: bad }];
  });
  const samples = sinceFirst(raw, "from zero");
  const words = { noun: `replies slower than ${millis(overMs)}`, unit: "replies" };
  const { detect } = bake.latency;
  return [{ name: "latency", title: "latency", samples, p0, phi, detect, ...words }];
}

/** One metric of counts, and what it is judged by. */
export function countSeries(
  { bake, former }: Grounds,
  rule: MetricRule,
  seen: readonly Seen[],
): Series {
  const { name } = rule;
  const before = sinceFirst(countSamples(former, name), "go on");
  const phi = overdispersion(binsOf(before));
  const errorBudget = rule.budget ?? bake.errorBudget;
  const { p0, passP0 } = yardstick({ history: countsIn(before), errorBudget, phi });
  const samples = sinceFirst(countSamples(seen, name), "go on");
  const detect = rule.detect ?? bake.detect;
  const words = { noun: "bad ones", unit: "counted" };
  return { name, title: name, samples, p0, passP0, phi, detect, ...words };
}

function countSamples(seen: readonly Seen[], name: string): readonly Sample[] {
  return readingsOf(seen, name).flatMap(({ atMs, reading }) =>
    "total" in reading ? [{ atMs, requests: reading.total, errors: reading.bad }] : [],
  );
}

/** A source that has been silent for longer than is borne keeps its metric from passing. */
function silenced(
  verdict: MetricVerdict,
  { metrics, seen, atMs }: { metrics: readonly MetricRule[]; seen: readonly Seen[]; atMs: number },
): MetricVerdict {
  const rule = metrics.find(({ name }) => name === verdict.name);
  if (!rule || verdict.verdict === "fail") return verdict;
  const readings = readingsOf(seen, rule.name);
  const good = readings.findLast(({ reading }) => !("error" in reading));
  const silentMs = atMs - (good?.atMs ?? 0);
  const last = readings.at(-1)?.reading;
  const why = last && "error" in last ? `: ${last.error}` : "";
  if (silentMs > rule.tolerateMs) {
    const silence = formatDuration(Math.round(silentMs / 1000) * 1000);
    const sentence = `${rule.name}: no reading for ${silence}${why}`;
    return { ...verdict, verdict: "inconclusive", sentence };
  }
  if (good || why === "") return verdict;
  return { ...verdict, verdict: "error", sentence: `${rule.name} can't be read${why}` };
}

const tenBudgets = "10 times the error budget";

/** What the judgement begins with, for the report; one sentence each. */
export function measureSentences({ errors, latency }: Measures): readonly string[] {
  const { source, p0, passP0, phi } = errors;
  const known = source === "history" ? "the former color's own rate" : tenBudgets;
  const budget = passP0 < p0 ? ` (${percent(passP0)} by ${tenBudgets})` : "";
  const bursts =
    phi > 1 ? `; its errors come in bursts, so each counts ${(1 / phi).toFixed(2)}` : "";
  const slow =
    "unjudged" in latency
      ? `latency isn't judged: ${latency.unjudged}`
      : `latency: at most ${percent(latency.p0)} of the replies slower than ${millis(latency.overMs)}`;
  return [`judged against ${known}: at most ${percent(p0)} errors${budget}${bursts}`, slow];
}

export function millis(ms: number): string {
  return `${Number(ms.toPrecision(3))} ms`;
}
