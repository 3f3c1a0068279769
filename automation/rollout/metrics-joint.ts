/** Several metrics under one alpha: the average of their evidence decides; pure. */

import type { Verdict } from "../../infra/model.ts";
import { judge, logMixtureE } from "./evidence.ts";
import type { Evidence, Standard } from "./evidence.ts";
import { logSumExp } from "./special-functions.ts";

/** One metric's counts, and what they are judged by. */
export interface Series extends Evidence, Omit<Standard, "alpha" | "among" | "logJoint"> {
  readonly name: string;
  /** Begins the metric's sentence; empty: its words say what is counted. */
  readonly title: string;
  /** Its part of the average; default: an equal one of what those leave that have one. */
  readonly weight?: number;
}

export interface MetricVerdict {
  readonly name: string;
  readonly verdict: Verdict;
  readonly sentence: string;
}

/** What each of them counts in the average; together 1, so that it is as good a proof as any of them. */
export function weightsOf(series: readonly Pick<Series, "weight">[]): readonly number[] {
  const given = series.reduce((sum, { weight = 0 }) => sum + weight, 0);
  const equal = series.filter(({ weight }) => weight === undefined).length;
  // Alone, they have the whole average.
  const scale = equal === 0 && given > 0 ? 1 / given : 1;
  return series.map(({ weight }) => (weight === undefined ? (1 - given) / equal : scale * weight));
}

/**
 * One verdict per metric. Where the average of the evidence reaches 1/alpha exactly one fails: the
 * one that adds most to it, which drives it. Otherwise each passes or not by itself, with the alpha
 * that is left to it.
 */
export function judgeJointly(series: readonly Series[], alpha: number): readonly MetricVerdict[] {
  const weights = weightsOf(series);
  const logs = series.map((each, index) => logMixtureE(each) + Math.log(weights[index] ?? 0));
  const logJoint = logs.length === 0 ? 0 : logSumExp(logs);
  const failed = logJoint >= -Math.log(alpha);
  const driver = logs.indexOf(Math.max(...logs));
  return series.map((each, index) => {
    const { name, title } = each;
    const decides = failed && index === driver;
    const among = 1 / (weights[index] ?? 1);
    const context = { alpha, among, logJoint: decides ? logJoint : -Infinity };
    const { verdict, sentence } = judge({ ...each, ...context });
    return { name, verdict, sentence: title === "" ? sentence : `${title}: ${sentence}` };
  });
}
