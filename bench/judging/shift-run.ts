/** One simulated shift: two equal colors side by side, and something that both depend on fails. */

import { judgeStep } from "../../automation/rollout/step-judgement.ts";
import type { StepGrounds } from "../../automation/rollout/step-judgement.ts";
import type { BothSeen } from "../../automation/rollout/two-colors.ts";
import { nullRate } from "../../automation/rollout/yardstick.ts";
import { argoLike, fixedRule } from "./peers.ts";
import type { Chance } from "./random.ts";
import type { End, JudgeName, RunEnd, Scenario } from "./scenario.ts";

const rules = { alpha: 0.01, detect: 0.1, phi: 1, slowness: null } as const;

/** The first step that sends the release back ends the shift, for each judge by itself. */
export function runShift(scenario: Scenario, chance: Chance): RunEnd {
  const { weights, perSecond, rate, historySeconds } = scenario;
  const total = perSecond * historySeconds;
  const { p0 } = nullRate({ history: { total, bad: chance.binomial(total, rate) } });
  const grounds: StepGrounds = {
    ...{ ...rules, color: "green", former: "blue", p0 },
    steps: weights.length,
  };
  const ends: Record<JudgeName, End | null> = { bluegreen: null, fixed: null, argo: null };
  let verdict: RunEnd["verdict"] = "pass";
  for (const weight of weights) {
    const seen = stepSeen(scenario, weight / 100, chance);
    const ours = judged(grounds, seen);
    if (ours.verdict !== "pass" && verdict !== "fail") verdict = ours.verdict;
    const samples = seen.map(({ atMs, newColor: { total: requests, bad: errors } }) => {
      return { atMs, requests, errors };
    });
    ends.bluegreen ??= endOf(seen, ours.failedAtMs);
    ends.fixed ??= endOf(seen, fixedRule(samples));
    ends.argo ??= endOf(seen, argoLike(samples));
  }
  return { ...ends, verdict };
}

function endOf(seen: readonly BothSeen[], atMs: number | null): End | null {
  if (atMs === null) return null;
  return { atMs, requests: seen.find((each) => each.atMs === atMs)?.newColor.total ?? 0 };
}

function judged(grounds: StepGrounds, seen: readonly BothSeen[]) {
  let verdict: RunEnd["verdict"] = "inconclusive";
  for (let looks = 1; looks <= seen.length; looks += 1) {
    const errors = seen.slice(0, looks);
    verdict = judgeStep(grounds, { errors, slow: [] }).verdict;
    if (verdict === "fail") return { verdict, failedAtMs: errors.at(-1)?.atMs ?? 0 };
  }
  return { verdict, failedAtMs: null };
}

function stepSeen(scenario: Scenario, share: number, chance: Chance): readonly BothSeen[] {
  const { seconds, intervalMs, perSecond, rate, outage } = scenario;
  const [newColor, formerColor] = [
    { bad: 0, total: 0 },
    { bad: 0, total: 0 },
  ];
  const seen: BothSeen[] = [
    { atMs: 0, newColor: { ...newColor }, formerColor: { ...formerColor } },
  ];
  for (let second = 0; second < seconds; second += 1) {
    const since = outage ? second - outage.fromSecond : -1;
    const down = outage && since >= 0 && since < outage.forSeconds;
    for (const [count, part] of [
      [newColor, share],
      [formerColor, 1 - share],
    ] as const) {
      const requests = chance.poisson(perSecond * part);
      count.total += requests;
      count.bad += chance.binomial(requests, down ? outage.rate : rate);
    }
    const atMs = (second + 1) * 1_000;
    if (atMs % intervalMs !== 0) continue;
    seen.push({ atMs, newColor: { ...newColor }, formerColor: { ...formerColor } });
  }
  return seen;
}
