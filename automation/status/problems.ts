/** What needs a person's eye in an environment, with what to do. Pure. */

import { isByHand, isFilledByHand } from "../../infra/rules/by-hand.ts";
import { adviceOn } from "../../infra/rules/router-advice.ts";
import { head } from "../report/safe-text.ts";
import { tellsOfThePast } from "./filling.ts";
import type { FillingReport } from "./filling.ts";
import { liveClaim } from "../../infra/rules/claim.ts";
import { colors } from "../../infra/model.ts";
import type { Color, PerColor } from "../../infra/model.ts";
import { warmOf } from "../../infra/rules/warm.ts";
import type { Observed } from "../../infra/observation.ts";

export interface ProblemReport {
  readonly subject: Color | "router" | "rollout";
  readonly sentence: string;
  readonly advice: string;
}

/** Longest text of an application that is quoted. */
const maxText = 500;

export interface Known {
  /** True: the process that works on the rollout is gone. Null: it can't be known from here. */
  readonly ownerGone: boolean | null;
  readonly fillings: PerColor<FillingReport | null>;
}

export function findProblems(
  view: Observed,
  { ownerGone, fillings }: Known,
): readonly ProblemReport[] {
  return [
    ...routerProblems(view),
    ...colors.flatMap((color) => {
      const filling = fillings[color];
      return tellsOfThePast(filling) ? fillingProblems(filling, color) : colorProblems(view, color);
    }),
    ...rolloutProblems(view, ownerGone),
  ];
}

const upOrDoctor = "`bluegreen doctor` looks closer; `bluegreen up` brings it back";

/** A silent router is named as drift while a color should serve. */
function routerProblems({ reading, drift }: Observed): readonly ProblemReport[] {
  const known = drift.kind === "none" ? null : drift.sentence;
  return reading.problems
    .filter((problem) => problem !== known)
    .map((problem) => ({
      subject: "router" as const,
      sentence: head(problem, maxText),
      advice: adviceOn(reading, problem) ?? upOrDoctor,
    }));
}

/** While a rollout is at it, that is told as the rollout's. */
function fillingProblems({ state, sentence }: FillingReport, color: Color): ProblemReport[] {
  if (state === "filling") return [];
  const advice = `\`bluegreen logs ${color}\` shows what it says; \`bluegreen deploy\` fills it anew`;
  return [{ subject: color, sentence, advice }];
}

function colorProblems(view: Observed, color: Color): ProblemReport[] {
  const { reading, colors: held, record } = view;
  const outputs = held[color];
  if (!outputs) return [];
  const warm = record.activeColor === color ? warmOf(view, color) : null;
  if (warm) {
    const sentence = `it serves with ${warm.shrinksTo ?? warm.size} of ${warm.full} instances, as it was held warm`;
    return [{ subject: color, sentence, advice: "grow it: `bluegreen up`" }];
  }
  const { crashLoop, reachable, ready, total, problems } = reading.targets[color];
  const logs = `\`bluegreen logs ${color}\` shows what it says`;
  const because = problems.map((problem) => `: ${head(problem, maxText)}`)[0] ?? "";
  if (crashLoop) {
    return [{ subject: color, sentence: `it crashes again and again${because}`, advice: logs }];
  }
  if (!reachable) {
    const advice = "ask from a machine that reaches its network";
    return [{ subject: color, sentence: "it can't be reached from here", advice }];
  }
  if (ready >= total) return problems.slice(0, 1).map((problem) => answering(color, problem));
  const sentence = `${ready} of ${total} instances are ready${because}`;
  return [{ subject: color, sentence, advice: `${logs}; \`bluegreen up\` starts what is missing` }];
}

/** All instances are ready, and something is wrong all the same: nobody looks after them, say. */
function answering(color: Color, problem: string): ProblemReport {
  const advice = "bring it back: `bluegreen up`";
  return { subject: color, sentence: head(problem, maxText), advice };
}

/** A rollout before its end that nobody works on. */
function rolloutProblems(
  { record, colors: held, nowMs }: Observed,
  ownerGone: boolean | null,
): readonly ProblemReport[] {
  const { rollout } = record;
  if (!rollout || rollout.phase === "hold" || rollout.phase === "gate") return [];
  const claimed = liveClaim(record, nowMs) !== null;
  if (claimed && ownerGone !== true) return [];
  const why = claimed ? "its process is gone" : "its claim ran out";
  const back = rollout.phase === "bake" || rollout.phase === "shift" ? "rollback" : "abort";
  const { id, color } = rollout;
  const filled = isFilledByHand(record, held[color]);
  const on = isByHand(id) ? `${filled ? "switch" : "claim"} ${color}` : "deploy";
  return [
    {
      subject: "rollout",
      sentence: `${rollout.id} was left in its ${rollout.phase}: ${why}`,
      advice: `go on with \`bluegreen ${on}\`, or give up with \`bluegreen ${back}\``,
    },
  ];
}
