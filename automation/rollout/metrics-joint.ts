/** Several metrics under one alpha: the average of their evidence decides; pure. */

import type { Verdict } from "../../infra/model.ts";
import { averageLogE, judge, logMixtureE } from "./evidence.ts";
import type { Evidence, Standard } from "./evidence.ts";

/** One metric's counts, and what they are judged by. */
export interface Series extends Evidence, Omit<Standard, "alpha" | "among" | "logJoint"> {
  readonly name: string;
  /** Begins the metric's sentence; empty: its words say what is counted. */
  readonly title: string;
}

export interface MetricVerdict {
  readonly name: string;
  readonly verdict: Verdict;
  readonly sentence: string;
}

/**
 * One verdict per metric. Where the average of the evidence reaches 1/alpha exactly one fails: the
 * one with most evidence, which drives it. Otherwise each passes or not by itself, with the alpha
 * that is left to it.
 */
export function judgeJointly(series: readonly Series[], alpha: number): readonly MetricVerdict[] {
  const logs = series.map((each) => logMixtureE(each));
  const logJoint = averageLogE(logs);
  const failed = logJoint >= -Math.log(alpha);
  const driver = logs.indexOf(Math.max(...logs));
  return series.map((each, index) => {
    const { name, title } = each;
    const decides = failed && index === driver;
    const context = { alpha, among: series.length, logJoint: decides ? logJoint : -Infinity };
    const { verdict, sentence } = judge({ ...each, ...context });
    return { name, verdict, sentence: title === "" ? sentence : `${title}: ${sentence}` };
  });
}
