/** Stages that are made before a group of tests or for a single one, and always disposed of. */

import { afterAll, beforeAll, expect, onTestFinished } from "vitest";
import type { MakeBed } from "./bed.ts";
import { Stage } from "./stage.ts";

/** One stage for all tests of a group; each of them sets what it needs. */
export function sharedStage(make: MakeBed, prepare?: (stage: Stage) => Promise<unknown>) {
  let stage: Stage | null = null;
  beforeAll(async () => {
    stage = new Stage(await make());
    await prepare?.(stage);
  }, 60_000);
  afterAll(async () => {
    await stage?.bed.dispose();
  }, 60_000);
  return (): Stage => stage ?? expect.fail("the bed wasn't made");
}

/** For a test that breaks things. */
export async function stageForTest(make: MakeBed): Promise<Stage> {
  const stage = new Stage(await make());
  onTestFinished(() => stage.bed.dispose(), 60_000);
  return stage;
}
