/** Simulated hooks: they take their time, may refuse, and must only run where their stage fits. */

import type { Hooks } from "../../../automation/ports.ts";
import type { HookSubject } from "../../../automation/rollout/action.ts";
import type { HookStage } from "../../../infra/hook-stages.ts";
import type { SimulatedProcess, WorldState } from "./state.ts";
import { servedWeights, storedRecord } from "./state.ts";
import type { Command, World } from "./world.ts";

const hookMs = 500;
/** What takes longer is stopped, and has refused. */
const timeoutMs = 60_000;

const afterSwitch: readonly HookStage[] = ["POST_PRODUCTION_TRAFFIC_SHIFT", "POST_BAKE"];
const ofDeploy: readonly HookStage[] = [
  "PRE_SCALE_UP",
  "POST_SCALE_UP",
  "POST_TEST_TRAFFIC_SHIFT",
  "PRE_PRODUCTION_TRAFFIC_SHIFT",
  ...afterSwitch,
];

export function simulatedHooks(world: World, process: SimulatedProcess): Hooks {
  const { state, plane, schedule } = world;
  let refused = false;
  return {
    run: async (_view, { stage, subject }, stop) => {
      checkStage(state, stage, subject);
      if (refused) state.violations.push(`I14: ${stage} ran after a refusal`);
      if (!/^(deploy|approve|switch|retire) /.test(process.name)) {
        state.violations.push(`I14: ${process.name} ran hooks of ${stage}`);
      }
      const fill = state.fills[subject.color];
      const { refusedAt, hookTakes } = fill ? plane.behaviourOf(fill.release) : {};
      const takesMs = hookTakes?.stage === stage ? hookTakes.ms : hookMs;
      await schedule.pause(process, `runs hooks of ${stage}`, Math.min(takesMs, timeoutMs), stop);
      if (process.interrupted || stop?.aborted) return { kind: "interrupted" };
      refused = refusedAt === stage || takesMs > timeoutMs;
      if (refused) return { kind: "refused", sentence: `the hook of ${stage} refused` };
      state.hooked.push({ stage, rolloutId: subject.id });
      return { kind: "done" };
    },
  };
}

/** What the name of a stage promises of traffic and of the color. */
function checkStage(state: WorldState, stage: HookStage, { color }: HookSubject): void {
  const share = servedWeights(state)[color];
  const wanted = afterSwitch.includes(stage) ? 100 : 0;
  if (share !== wanted) {
    state.violations.push(`I13: ${stage} began while ${color} had ${share} % of the traffic`);
  }
  const empty = state.fills[color] === null;
  if (stage === "POST_CLEAN_UP" && !empty) state.violations.push(`I13: ${color} isn't empty yet`);
}

/** Stages that a rollout has left out which reached its end. */
export function missedHooks(state: WorldState, { run }: Command): readonly string[] {
  const { rollout } = storedRecord(state);
  if (run === "retire") {
    const due = state.hooks.filter((stage) => stage.endsWith("CLEAN_UP"));
    return due
      .filter((stage) => !state.hooked.some((each) => each.stage === stage))
      .map((stage) => `${stage} was left out`);
  }
  if (run !== "deploy" || rollout?.phase !== "hold" || rollout.kind !== "deploy") return [];
  return state.hooks
    .filter((stage) => ofDeploy.includes(stage))
    .filter(
      (stage) =>
        !state.hooked.some((each) => each.stage === stage && each.rolloutId === rollout.id),
    )
    .map((stage) => `${stage} was left out of ${rollout.id}`);
}
