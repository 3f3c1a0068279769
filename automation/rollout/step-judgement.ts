/** Judges one step of a shift, in which both colors serve: errors and latency, side by side; pure. */

import type { Color, Verdict } from "../../infra/model.ts";
import { averageLogE, requiredSamples } from "./evidence.ts";
import type { Counts } from "./evidence.ts";
import { against, sufficiency } from "./evidence-sentence.ts";
import type { Slowness } from "./latency.ts";
import { millis } from "./metrics-judgement.ts";
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
}

export interface StepJudgement {
  /** Fail: roll back. Pass: enough was seen. Inconclusive: too little, the bake has to tell. */
  readonly verdict: Exclude<Verdict, "error">;
  readonly sentence: string;
  /** What the new color served in this step. */
  readonly requests: number;
  readonly errors: number;
}

/** As the bake, which allows twice the former color's share of slow replies. */
const slowRatio = 2;
const errorRatio = 1.5;

export function judgeStep(grounds: StepGrounds, readings: StepReadings): StepJudgement {
  const { alpha, steps } = grounds;
  const found = findings(grounds, readings);
  const logJoint = averageLogE(found.map(({ mixture }) => mixture.logEvidence));
  const now = readings.errors.at(-1) ?? nothingYet;
  const { total: requests, bad: errors } = now.newColor;
  const [driver] = found.toSorted((a, b) => b.mixture.logEvidence - a.mixture.logEvidence);
  if (driver && logJoint >= Math.log(steps / alpha)) {
    const { strongest, late } = driver.mixture;
    const sentence = `${late ? "of late " : ""}${sideBySide(grounds, strongest, driver.noun)}`;
    const named = driver.noun === "errors" ? sentence : `latency: ${sentence}`;
    return { verdict: "fail", sentence: `${named}: ${against(logJoint)}`, requests, errors };
  }
  const needed = neededIn(grounds, found.length);
  const { detect } = grounds;
  const enough = sufficiency(
    { total: requests, needed, detect },
    { noun: "errors", unit: "requests" },
  );
  return {
    verdict: requests >= needed ? "pass" : "inconclusive",
    sentence: `${sideBySide(grounds, now, "errors")}: ${enough}`,
    requests,
    errors,
  };
}

interface Finding {
  readonly noun: string;
  readonly mixture: Mixture;
}

function findings(grounds: StepGrounds, { errors, slow }: StepReadings): readonly Finding[] {
  const { p0, phi, slowness, comparable = true } = grounds;
  const noun = "errors";
  if (!comparable) {
    const alone = [{ noun, mixture: mixedAbsolute(errors, { p0, phi }) }];
    if (!slowness) return alone;
    return [...alone, { noun: slowNoun(slowness), mixture: mixedAbsolute(slow, slowness) }];
  }
  const found = [
    { noun, mixture: mixedComparison(errors, { ratio: errorRatio, phi }) },
    { noun, mixture: mixedAbsolute(errors, { p0, phi }) },
  ];
  if (!slowness) return found;
  const mixture = mixedComparison(slow, { ratio: slowRatio, phi: slowness.phi });
  return [...found, { noun: slowNoun(slowness), mixture }];
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
