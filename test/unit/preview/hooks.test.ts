/** Hooks in a preview: named where they would run, and never run. */

import { expect, test } from "vitest";
import { hookStages } from "../../../infra/hook-stages.ts";
import { deploy, simulated } from "./facts-of.ts";

test("the plan of a deployment names the stages that have hooks, each once and in order", () => {
  const { steps, refusal } = simulated(deploy("2"), undefined, [], hookStages);
  expect(refusal).toBeNull();
  const named = steps.flatMap(
    ({ sentence }) => /^run the hooks of (\w+)/.exec(sentence)?.[1] ?? [],
  );
  expect(named).toEqual(hookStages.filter((stage) => !stage.endsWith("CLEAN_UP")));
});
