/** Instances that nobody looks after: seen by a refresh, and adopted by the next update. */

import { expect, test } from "vitest";

import { sameValue } from "../../../infra/provider/handler.ts";
import { localHandlers } from "../../../infra/platforms/local/resources.ts";
import { instancesType } from "../../../infra/platforms/local/types.ts";
import {
  colorDir,
  killSupervisor,
  pidsOnRecord,
  server,
  specOf,
  supervisorPid,
} from "./color-fixture.ts";

const instances = localHandlers[instancesType] ?? expect.fail("there is no such resource");

test("a refresh after the supervisor's death differs, so that an update brings it back", async () => {
  const dir = colorDir();
  const inputs = { dir, spec: specOf(server, { instances: 2 }) };
  const { outputs } = await instances.create(inputs);
  const state = { ...inputs, ...outputs };
  expect(sameValue({ ...state, ...(await instances.read(state)) }, state)).toBe(true);
  const pids = pidsOnRecord(dir);

  await killSupervisor(dir);
  const found = { ...state, ...(await instances.read(state)) };
  expect(sameValue(found.spec, state.spec)).toBe(false);

  await instances.update(inputs, found);
  expect(supervisorPid(dir)).not.toBeNull();
  expect(pidsOnRecord(dir)).toEqual(pids);
});
