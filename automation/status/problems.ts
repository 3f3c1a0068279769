/** What needs a person's eye in an environment, with what to do. Pure. */

import { isByHand } from "../../infra/rules/by-hand.ts";
import { head } from "../checks/evidence.ts";
import { liveClaim } from "../../infra/rules/claim.ts";
import { colors } from "../../infra/model.ts";
import type { Color } from "../../infra/model.ts";
import type { Observed } from "../../infra/observation.ts";

export interface ProblemReport {
  readonly subject: Color | "router" | "rollout";
  readonly sentence: string;
  readonly advice: string;
}

/** Longest text of an application that is quoted. */
const maxText = 500;

export function findProblems(view: Observed, ownerGone: boolean | null): readonly ProblemReport[] {
  return [
    ...routerProblems(view),
    ...colors.flatMap((color) => colorProblems(view, color)),
    ...rolloutProblems(view, ownerGone),
  ];
}

/** A silent router is named as drift while a color should serve. */
function routerProblems({ reading, drift }: Observed): readonly ProblemReport[] {
  const known = drift.kind === "none" ? null : drift.sentence;
  return reading.problems
    .filter((problem) => problem !== known)
    .map((problem) => ({
      subject: "router" as const,
      sentence: head(problem, maxText),
      advice: "`bluegreen doctor` looks closer; `bluegreen up` brings it back",
    }));
}

function colorProblems({ reading, colors: held }: Observed, color: Color): ProblemReport[] {
  const outputs = held[color];
  if (!outputs) return [];
  const { crashLoop, reachable, ready, problems } = reading.targets[color];
  const logs = `\`bluegreen logs ${color}\` shows what it says`;
  const because = problems.map((problem) => `: ${head(problem, maxText)}`)[0] ?? "";
  if (crashLoop) {
    return [{ subject: color, sentence: `it crashes again and again${because}`, advice: logs }];
  }
  if (!reachable) {
    const advice = "ask from a machine that reaches its network";
    return [{ subject: color, sentence: "it can't be reached from here", advice }];
  }
  if (ready >= outputs.size) return [];
  const sentence = `${ready} of ${outputs.size} instances are ready${because}`;
  return [{ subject: color, sentence, advice: `${logs}; \`bluegreen up\` starts what is missing` }];
}

/** A rollout before its end that nobody works on. */
function rolloutProblems(
  { record, nowMs }: Observed,
  ownerGone: boolean | null,
): readonly ProblemReport[] {
  const { rollout } = record;
  if (!rollout || rollout.phase === "hold" || rollout.phase === "gate") return [];
  const claimed = liveClaim(record, nowMs) !== null;
  if (claimed && ownerGone !== true) return [];
  const why = claimed ? "its process is gone" : "its claim ran out";
  const back = rollout.phase === "bake" || rollout.phase === "shift" ? "rollback" : "abort";
  const on = isByHand(rollout.id) ? `claim ${rollout.color}` : "deploy";
  return [
    {
      subject: "rollout",
      sentence: `${rollout.id} was left in its ${rollout.phase}: ${why}`,
      advice: `go on with \`bluegreen ${on}\`, or give up with \`bluegreen ${back}\``,
    },
  ];
}
