/** The statistics that judge a release: evidence from counts of bad and all requests; pure. */
import assert from "node:assert/strict";
import type { TrafficCount, Verdict } from "../../infra/model.ts";
import type { Counts } from "./counts.ts";
import { against, seenBy, sufficiency } from "./evidence-sentence.ts";
import { binomialTail, logBetaExcess, logSumExp } from "./special-functions.ts";

/** Cumulative counts since the switch as read at one moment, in milliseconds of any clock. */
export interface Sample extends TrafficCount {
  readonly atMs: number;
}

export interface Evidence {
  /** In the order of reading. A counter that fell was reset: from there it counts from zero. */
  readonly samples: readonly Sample[];
  /** Highest acceptable share of bad requests, between 0 and 1. */
  readonly p0: number;
  /** A new e-process starts this often, so that a long good past hides no late breakage; 30 s. */
  readonly restartMs?: number;
  /** Overdispersion that counts are divided by; 1. */
  readonly phi?: number;
}

export interface Standard {
  /**
   * A stricter share by which a pass may be earned as well; default p0. What a former color that
   * fails itself allows says nothing of how good a release is.
   */
  readonly passP0?: number;
  /** Probability with which a good release may be rolled back, however often one looks; 0.01. */
  readonly alpha?: number;
  /** Share of bad requests that a pass must have been able to find; 0.1. */
  readonly detect?: number;
  /** What `errors` counts, as the sentence names it; "errors". */
  readonly noun?: string;
  /** What `requests` counts, as the sentence names it; "requests". */
  readonly unit?: string;
  /** Of how many metrics the evidence is averaged, so that all share one alpha; 1. */
  readonly among?: number;
  /** Natural logarithm of that average, which then decides; default: this metric's own. */
  readonly logJoint?: number;
}

/** By how many requests a given bad share is found; see `Standard`. */
export interface Question {
  readonly p0: number;
  readonly detect: number;
  readonly alpha: number;
  /** Probability of finding it; 0.95. */
  readonly power?: number;
}

export interface Judgement {
  /** Fail: roll back. Pass: earned. Inconclusive: neither so far. */
  readonly verdict: Exclude<Verdict, "error">;
  /** Natural logarithm of the evidence against the release; a fail from ln(1/alpha) on. */
  readonly logEvidence: number;
  readonly requests: number;
  readonly errors: number;
  /** Requests that earn a pass; Infinity where `detect` can't be told from p0. */
  readonly needed: number;
  /** Why, with numbers; no full stop. */
  readonly sentence: string;
}

/**
 * Natural logarithm of the one-sided mixture e-value that the bad share is above p0:
 * E = B(x+1/2, n-x+1/2) (1 - I_p0(x+1/2, n-x+1/2)) / (B(1/2, 1/2) (1 - I_p0(1/2, 1/2)))
 * * p0^-x (1-p0)^-(n-x), a Jeffreys prior cut to (p0, 1]. While the share is at most p0,
 * E reaches 1/alpha with probability at most alpha, whenever and however often one looks.
 */
export function logE({ bad, total, p0 }: Counts & { readonly p0: number }): number {
  return logMixedRatio({ bad, total, p0, prior: 0.5 });
}

/**
 * Judges all readings since the switch at the last one of them. Meant for every poll: the first
 * fail counts, as a later reading may show less evidence.
 */
export function judge(evidence: Evidence & Standard): Judgement {
  const { phi = 1, alpha = 0.01, detect = 0.1, among = 1 } = evidence;
  const { noun = "errors", unit = "requests" } = evidence;
  const processes = processesOf(evidence);
  const logEvidence = evidence.logJoint ?? mixed(processes);
  const [first = { bad: 0, total: 0 }] = processes;
  const failed = logEvidence >= -Math.log(alpha);
  const p0 = failed ? evidence.p0 : earningRate(evidence, alpha);
  const needed = Math.ceil(phi * requiredSamples({ p0, detect, alpha: alpha / among }));
  const verdict = failed ? "fail" : first.total >= needed ? "pass" : "inconclusive";
  const words = { noun, unit };
  const part = failed ? (strongest(processes) ?? first) : first;
  const seen = seenBy({ ...part, all: first.total, p0 }, words);
  const reason = failed
    ? against(logEvidence)
    : sufficiency({ total: first.total, needed, detect }, words);
  return {
    verdict,
    logEvidence,
    requests: first.total,
    errors: first.bad,
    needed,
    sentence: `${seen}: ${reason}`,
  };
}

/** The share that a pass is measured by: the stricter one, unless the release breaks that. */
function earningRate(evidence: Evidence & Standard, alpha: number): number {
  const { p0, passP0 = p0 } = evidence;
  if (passP0 >= p0) return p0;
  return logMixtureE({ ...evidence, p0: passP0 }) < -Math.log(alpha) ? passP0 : p0;
}

/**
 * Natural logarithm of M = sum of E_k / (k (k+1)), where E_k sees what came after its start.
 * Those not yet started count as 1, so that M holds the same promise as each of them.
 * For several metrics, compare `averageLogE` of their M's with ln(1/alpha).
 */
export function logMixtureE(evidence: Evidence): number {
  return mixed(processesOf(evidence));
}

/**
 * Smallest number of requests of which a release with a bad share of `detect` fails with
 * probability `power`, by the first e-process alone, which has half of the weight in the
 * mixture. Infinity where `detect` isn't above p0, or so little that it takes ten million.
 */
export function requiredSamples(question: Question): number {
  const { p0, detect, alpha, power = 0.95 } = question;
  const key = [p0, detect, alpha, power].join();
  const known = answers.get(key);
  if (known !== undefined) return known;
  if (answers.size >= 100) answers.clear();
  const answer = detect <= p0 ? Infinity : searchSamples({ p0, detect, alpha, power });
  answers.set(key, answer);
  return answer;
}

/**
 * Overdispersion of bad requests over short time bins (1-5 s): Pearson's chi-square by its degrees
 * of freedom, at least 1. Bursts of errors count for less by it.
 */
export function dispersion(bins: readonly Counts[]): number {
  const filled = bins.filter((bin) => bin.total > 0);
  const total = filled.reduce((sum, bin) => sum + bin.total, 0);
  const share = filled.reduce((sum, bin) => sum + bin.bad, 0) / total;
  if (filled.length < 2 || share <= 0 || share >= 1) return 1;
  const chiSquare = filled
    .map((bin) => (bin.bad - bin.total * share) ** 2 / (bin.total * share * (1 - share)))
    .reduce((sum, term) => sum + term, 0);
  return Math.max(1, chiSquare / (filled.length - 1));
}

/**
 * Natural logarithm of the e-value that the new color's bad share is above `ratio` (1.5) times
 * the former's, while both take traffic. It looks at bad requests only, by where they happened, so
 * an outage of something that both depend on is no evidence. Counts of one step with constant
 * weights: steps are combined by adding their logarithms, never by adding their counts.
 */
export function twoSample(colors: {
  readonly newColor: Counts;
  readonly formerColor: Counts;
  readonly ratio?: number;
}): number {
  const { newColor, formerColor, ratio = 1.5 } = colors;
  if (newColor.total <= 0 || formerColor.total <= 0) return 0;
  const p0 = (newColor.total * ratio) / (newColor.total * ratio + formerColor.total);
  const total = newColor.bad + formerColor.bad;
  return logMixedRatio({ bad: newColor.bad, total, p0, prior: 1 });
}

/** Natural logarithm of the mean of e-values given as logarithms; 0 (no evidence) for none. */
export function averageLogE(logValues: readonly number[]): number {
  return logValues.length === 0 ? 0 : logSumExp(logValues) - Math.log(logValues.length);
}

const maxSamples = 10_000_000;
/** A day of 30 s; later ones never start, which costs speed only. */
const maxProcesses = 2880;
const nothing: TrafficCount = { requests: 0, errors: 0 };
const answers = new Map<string, number>();

/** Mean over a Beta(prior, prior) cut to (p0, 1] of the likelihood ratio against p0. */
function logMixedRatio(counts: Counts & { p0: number; prior: number }): number {
  const { bad, total, p0, prior } = counts;
  assert(p0 > 0 && p0 < 1, `the expected share ${p0} is not between 0 and 1`);
  assert(bad >= 0 && bad <= total, `${bad} bad of ${total} requests can't be`);
  const posterior = logBetaExcess(p0, bad + prior, total - bad + prior);
  return posterior - logBetaExcess(p0, prior, prior);
}

/** Of each e-process that has begun, the reading that it counts from; null: from the beginning. */
export function startsOf(
  readings: readonly { readonly atMs: number }[],
  restartMs: number,
): readonly (number | null)[] {
  const [start, now] = [readings[0], readings.at(-1)];
  if (start === undefined || now === undefined) return [];
  const begun = 1 + Math.floor(Math.max(0, now.atMs - start.atMs) / restartMs);
  let next = 0;
  return Array.from({ length: Math.min(begun, maxProcesses) }, (_, index) => {
    const dueMs = start.atMs + index * restartMs;
    while (next < readings.length - 1 && (readings[next]?.atMs ?? 0) < dueMs) next++;
    return index === 0 ? null : next;
  });
}

/** What an e-process adds to the mixture, as a logarithm: E_k / (k (k+1)), with k = index + 1. */
export function logWeighted(logValue: number, index: number): number {
  return logValue - Math.log((index + 1) * (index + 2));
}

/** Natural logarithm of the mixture, with those that have not begun at 1. */
export function logMixed(weighted: readonly number[]): number {
  return logSumExp([...weighted, -Math.log(weighted.length + 1)]);
}

interface Process extends Counts {
  readonly logWeighted: number;
}

/** The e-processes that have started, the one that began at the switch first. */
function processesOf({ samples, p0, restartMs = 30_000, phi = 1 }: Evidence): Process[] {
  const readings = withoutResets(samples);
  const now = readings.at(-1);
  if (now === undefined) return [];
  return startsOf(readings, restartMs).map((start, index) => {
    const base = start === null ? nothing : (readings[start] ?? now);
    const total = now.requests - base.requests;
    const bad = Math.min(total, now.errors - base.errors);
    const value = total === 0 ? 0 : logE({ bad: bad / phi, total: total / phi, p0 });
    return { bad, total, logWeighted: logWeighted(value, index) };
  });
}

function mixed(processes: readonly Process[]): number {
  return logMixed(processes.map((process) => process.logWeighted));
}

/** Adds up what each reading shows more than the one before. */
function withoutResets(samples: readonly Sample[]): Sample[] {
  let { requests, errors } = nothing;
  return samples.map((sample, index) => {
    const before = samples[index - 1] ?? nothing;
    const reset = sample.requests < before.requests || sample.errors < before.errors;
    requests += Math.max(0, sample.requests - (reset ? 0 : before.requests));
    errors += Math.max(0, sample.errors - (reset ? 0 : before.errors));
    return { atMs: sample.atMs, requests, errors };
  });
}

/**
 * For each number of bad requests there is a greatest total at which they still are enough
 * evidence, and there the power is best. So first the bad requests are searched, then the total.
 */
function searchSamples(question: Required<Question>): number {
  const { p0, detect, alpha, power } = question;
  const threshold = Math.log(2 / alpha);
  const greatestTotal = (bad: number): number =>
    smallest(bad, (total) => total > maxSamples || logE({ bad, total, p0 }) < threshold) - 1;
  const powerful = (bad: number, trials: number): boolean =>
    binomialTail({ trials, p: detect, atLeast: bad }) >= power;
  const limit = maxSamples * detect;
  const bad = smallest(1, (some) => some >= limit || powerful(some, greatestTotal(some)));
  return bad >= limit ? Infinity : smallest(bad, (trials) => powerful(bad, trials));
}

/** The first integer from `start` on for which `holds`, which stays true from there on. */
function smallest(start: number, holds: (value: number) => boolean): number {
  if (holds(start)) return start;
  let step = 1;
  while (!holds(start + step)) step *= 2;
  let [fails, fits] = [start + Math.floor(step / 2), start + step];
  while (fits - fails > 1) {
    const middle = Math.floor((fails + fits) / 2);
    if (holds(middle)) fits = middle;
    else fails = middle;
  }
  return fits;
}

/** The e-process that shows most: after a late breakage one that began late. */
function strongest(processes: readonly Process[]): Process | undefined {
  return processes.toSorted((a, b) => b.logWeighted - a.logWeighted)[0];
}
