/** Judges one step of a shift, in which both colors serve: errors and latency, side by side; pure. */

import type { Color, Verdict } from "../../infra/model.ts";
import { averageLogE, judge, requiredSamples } from "./evidence.ts";
import type { Counts } from "./counts.ts";
import { against, sufficiency } from "./evidence-sentence.ts";
import type { Slowness } from "./latency.ts";
import { millis } from "./metrics-judgement.ts";
import { countFindings, limitVerdicts } from "./step-metrics.ts";
import type { CountFinding, MetricReadings } from "./step-metrics.ts";
import { mixedAbsolute, mixedComparison } from "./two-colors.ts";
import type { Both, BothSeen, Mixture } from "./two-colors.ts";

/** All that a step is judged by besides its readings. */
export interface StepGrounds {
  readonly color: Color;
  readonly former: Color;
  /** Of the whole shift; each of its steps gets an equal part. */
  readonly alpha: number;
  /** Number of steps. */
  readonly steps: number;
  /** Error rate that a step must be able to notice to prove anything. */
  readonly detect: number;
  /** Share of errors that the release may have while the former color has few. */
  readonly p0: number;
  readonly phi: number;
  /**
   * False where a cohort is on the new color: other users than the rest, so the former color's share
   * of the errors says nothing of it. Default: true.
   */
  readonly comparable?: boolean;
  /** Null: latency is left to the bake. */
  readonly slowness: Slowness | null;
}

export interface StepReadings {
  readonly errors: readonly BothSeen[];
  /** Bad are slow replies; empty where latency isn't judged. */
  readonly slow: readonly BothSeen[];
  /** Errors of users alone, since the first look; absent: no requests of our own are sent. */
  readonly users?: readonly BothSeen[];
  /** Metrics of the user's own; absent: there are none. */
  readonly metrics?: MetricReadings;
}

export interface StepJudgement {
  /** Fail: roll back. Pass: enough was seen. Inconclusive: too little, the bake has to tell. */
  readonly verdict: Exclude<Verdict, "error">;
  readonly sentence: string;
  /** What the new color served in this step. */
  readonly requests: number;
  readonly errors: number;
  /** Requests of it by which `detect` would have been found. */
  readonly needed: number;
}

/** As the bake, which allows twice the former color's share of slow replies. */
const slowRatio = 2;
const errorRatio = 1.5;

export function judgeStep(grounds: StepGrounds, readings: StepReadings): StepJudgement {
  const { alpha, steps, detect } = grounds;
  const found = findings(grounds, readings);
  const counts = readings.metrics ? countFindings(readings.metrics) : [];
  const limits = readings.metrics ? limitVerdicts(readings.metrics) : [];
  const logs = [
    ...found.map(({ mixture }) => mixture.logEvidence),
    ...counts.map(({ logEvidence }) => logEvidence),
  ];
  const logJoint = averageLogE(logs);
  const among = logs.length;
  const now = readings.errors.at(-1) ?? nothingYet;
  const { total: requests, bad: errors } = now.newColor;
  const needed = neededIn(grounds, among);
  const said = { requests, errors, needed };
  const broken = limits.find(({ verdict }) => verdict === "fail");
  if (broken) return { verdict: "fail", sentence: broken.sentence, ...said };
  if (logJoint >= Math.log(steps / alpha)) {
    const sentence = failSentence(grounds, { found, counts, logJoint });
    return { verdict: "fail", sentence, ...said };
  }
  const enough = sufficiency(
    { total: requests, needed, detect },
    { noun: "errors", unit: "requests" },
  );
  const metrics = [...counts.map((count) => countVerdict(count, { grounds, among })), ...limits];
  const open = [
    ...usersOver(grounds, found),
    ...metrics.filter(({ verdict }) => verdict !== "pass"),
  ];
  const sentences = open.map(({ sentence }) => `; ${sentence}`).join("");
  return {
    verdict: requests >= needed && open.length === 0 ? "pass" : "inconclusive",
    sentence: `${sideBySide(grounds, now, "errors")}: ${enough}${sentences}`,
    ...said,
  };
}

/** Good answers to our own requests don't make up for errors of users. */
function usersOver(grounds: StepGrounds, found: readonly Finding[]) {
  const limit = Math.log(grounds.steps / grounds.alpha);
  const over = found.filter(({ who, mixture }) => who !== "" && mixture.logEvidence >= limit);
  return over.map(({ who, noun, mixture }) => ({
    sentence: `${who}${sideBySide(grounds, mixture.strongest, noun)}, too many for a pass`,
  }));
}

interface Failed {
  readonly found: readonly Finding[];
  readonly counts: readonly CountFinding[];
  readonly logJoint: number;
}

/** Names what has most of the evidence. */
function failSentence(grounds: StepGrounds, { found, counts, logJoint }: Failed): string {
  const [driver] = found.toSorted((a, b) => b.mixture.logEvidence - a.mixture.logEvidence);
  const [metric] = counts.toSorted((a, b) => b.logEvidence - a.logEvidence);
  if (metric && metric.logEvidence > (driver?.mixture.logEvidence ?? -Infinity)) {
    const alpha = grounds.alpha / grounds.steps;
    return `${metric.series.title}: ${judge({ ...metric.series, alpha, logJoint }).sentence}`;
  }
  const { strongest = nothingYet, late = false } = driver?.mixture ?? {};
  const { noun = "errors", who = "" } = driver ?? {};
  const sentence = `${who}${late ? "of late " : ""}${sideBySide(grounds, strongest, noun)}`;
  const named = noun === "errors" ? sentence : `latency: ${sentence}`;
  return `${named}: ${against(logJoint)}`;
}

/** Whether enough was counted; that it fails is for all together to say. */
function countVerdict(
  { series }: CountFinding,
  { grounds, among }: { readonly grounds: StepGrounds; readonly among: number },
): { readonly verdict: Verdict; readonly sentence: string } {
  const alpha = grounds.alpha / grounds.steps;
  const { verdict, sentence } = judge({ ...series, alpha, among, logJoint: -Infinity });
  return { verdict, sentence: `${series.title}: ${sentence}` };
}

interface Finding {
  /** Begins the sentence; empty: all requests. */
  readonly who: string;
  readonly noun: string;
  readonly mixture: Mixture;
}

function findings(grounds: StepGrounds, { errors, slow, users }: StepReadings): readonly Finding[] {
  const { p0, phi, slowness, comparable = true } = grounds;
  const all = { who: "", noun: "errors" };
  const alone = { who: "users alone: ", noun: "errors" };
  const found = [
    ...(comparable
      ? [{ ...all, mixture: mixedComparison(errors, { ratio: errorRatio, phi }) }]
      : []),
    { ...all, mixture: mixedAbsolute(errors, { p0, phi }) },
    ...(users ? [{ ...alone, mixture: mixedAbsolute(users, { p0, phi }) }] : []),
  ];
  if (!slowness) return found;
  const mixture = comparable
    ? mixedComparison(slow, { ratio: slowRatio, phi: slowness.phi })
    : mixedAbsolute(slow, slowness);
  return [...found, { who: "", noun: slowNoun(slowness), mixture }];
}

function slowNoun({ overMs }: Slowness): string {
  return `replies slower than ${millis(overMs)}`;
}

/** Requests of the new color by which `detect` would have been found without the former's help. */
function neededIn({ p0, phi, detect, alpha, steps }: StepGrounds, among: number): number {
  return Math.ceil(phi * requiredSamples({ p0, detect, alpha: alpha / steps / among }));
}

function sideBySide({ color, former }: StepGrounds, { newColor, formerColor }: Both, noun: string) {
  return `${color} had ${ofAll(newColor, noun)}, ${former} ${ofAll(formerColor, "")}`;
}

function ofAll({ bad, total }: Counts, noun: string): string {
  const named = noun === "" ? "" : ` ${noun}`;
  const unit = noun === "" ? "" : " requests";
  return `${bad.toLocaleString("en-US")}${named} in ${total.toLocaleString("en-US")}${unit}`;
}

const nothingYet: Both = { newColor: { bad: 0, total: 0 }, formerColor: { bad: 0, total: 0 } };
