/** Does one action, and tells what the run has learned by it. */

import assert from "node:assert";
import { formatCohorts } from "../infra/model.ts";
import type { Observed } from "../infra/observation.ts";
import type { Request, RollBack } from "../infra/rules/request.ts";
import { drain } from "./draining.ts";
import { runHooks } from "./hooks-beside-bake.ts";
import { givenUp, leaving } from "./rollout-events.ts";
import type { Action } from "./rollout/action.ts";
import { afterCheck } from "./rollout/check-end.ts";
import { afterWatchedHooks } from "./rollout/hooks-end.ts";
import type { Memory } from "./rollout/memory.ts";
import { updated } from "./rollout/memory.ts";
import { rolledBack } from "./rollout/refusal.ts";
import { skipsSteps } from "./rollout/shift.ts";
import type { Run } from "./run.ts";

export async function act(
  run: Run,
  view: Observed,
  memory: Memory,
  action: Action,
): Promise<Memory> {
  const { environment, checks, bake, direct } = run.ports;
  switch (action.kind) {
    case "Update":
      return updateRouter(run, view, memory, action.request);
    case "Provision": {
      const { color, rolloutId, version, size } = action;
      await environment.updateColor(color, { kind: "Provision", rolloutId, version, size });
      return memory;
    }
    case "Shrink": {
      const { color, rolloutId, size } = action;
      await environment.updateColor(color, { kind: "Shrink", rolloutId, size });
      return { ...memory, shrunk: true };
    }
    case "Grow":
      await environment.updateColor(action.color, { kind: "Keep", size: action.size });
      return { ...memory, ...(memory.done ? { regrown: true } : { grown: true }) };
    case "Check": {
      const verdict = await checks.run(view, action.color);
      return afterCheck(memory, { view, color: action.color, verdict });
    }
    case "RunHooks":
      return afterWatchedHooks(memory, action, await runHooks(run.ports, view, action));
    case "Migrate":
      await run.ports.migrations.run(view, action);
      return { ...memory, migrated: action.step };
    case "Judge": {
      const baked = await bake.judge(view, action.color, action.sinceMs);
      run.ports.on({ kind: "Baked", color: action.color, ...baked });
      return { ...memory, baked };
    }
    case "JudgeAgain": {
      const { color, idle } = action;
      const judgedAgain = await bake.judgeAgain(view, color, idle);
      run.ports.on({ kind: "JudgedAgain", color, ...judgedAgain });
      return { ...memory, judgedAgain };
    }
    case "Watch": {
      const judged = await bake.judgeStep(view, action);
      const { color, weight, groups = [], step, steps } = action;
      const cohort = groups.length > 0 && { cohort: formatCohorts(groups) };
      run.ports.on({ kind: "Stepped", color, weight, ...cohort, step, steps, ...judged });
      const reached = { ...memory, stepped: weight, cohorts: groups.length };
      return judged.verdict === "fail" ? { ...reached, baked: judged } : reached;
    }
    case "FlipBack":
      await direct.flip(view, action.to, action.request);
      return afterRollback(run, view, memory, action.request);
    case "Empty":
      await environment.emptyColor(action.color);
      return { ...memory, emptied: action.color };
    case "Drain":
      await drain(run.ports, action);
      return { ...memory, drained: action.color };
    case "Finish":
    case "Fail":
      assert.fail("the loop ends before a terminal action is acted on");
  }
}

async function updateRouter(
  run: Run,
  view: Observed,
  memory: Memory,
  request: Request,
): Promise<Memory> {
  const { environment, on } = run.ports;
  if (skipsSteps(run.policy, view, request)) {
    const sentence = "a first release gets all traffic at once: no color shares it";
    on({ kind: "Noted", sentence });
  }
  await environment.updateRouter(request);
  if (request.kind === "RollBack") return afterRollback(run, view, memory, request);
  if (request.kind === "Abort") givenUp(view.record, request).forEach(on);
  return updated(memory, request);
}

/**
 * For a rollout, going back is a failure; for a person who asked for it, it is the goal. Where to is
 * what the update did: others may have moved traffic between the last look and its lock.
 */
async function afterRollback(
  { ports, goal }: Run,
  view: Observed,
  memory: Memory,
  request: RollBack,
): Promise<Memory> {
  const { reason, pin: pinned } = request;
  const { record } = await ports.environment.observe({ fresh: false });
  const to = record.activeColor;
  assert(to, "a rollback leaves a color active");
  ports.on({ kind: "RolledBack", to, reason, ...leaving(view.record.rollout, to) });
  if (goal.kind === "RollBackNow") return { ...memory, done: true };
  if (request.beforeSwitch === true) return memory;
  const error = rolledBack(reason, to, { pinned, cause: memory.failure?.error });
  return { ...memory, failure: { error, blamed: null } };
}
