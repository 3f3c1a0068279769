/** Instances that nobody looks after: seen by a refresh, and adopted by the next update. */

import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

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

test("a supervisor that is only slow isn't gone: a refresh fails and keeps the state", async () => {
  const dir = colorDir();
  const inputs = { dir, spec: specOf(server) };
  const { outputs } = await instances.create(inputs);
  const state = { ...inputs, ...outputs };
  const pid = supervisorPid(dir) ?? expect.fail("no supervisor runs");
  process.kill(pid, "SIGSTOP");
  try {
    await expect(instances.read(state)).rejects.toMatchObject({ code: "COLOR_BUSY" });
  } finally {
    process.kill(pid, "SIGCONT");
  }
  expect(await instances.read(state)).toEqual(outputs);
});

test("an adopted process is looked at again after a look that failed", async () => {
  const program = join(import.meta.dirname, "adopting-without-files.ts");
  // With few files to open, the program can use them up.
  const command = `ulimit -n 256 && exec "${process.execPath}" "${program}"`;
  const { stdout, stderr } = await promisify(execFile)("sh", ["-c", command], { timeout: 20_000 });
  expect(stdout).toBe("looks failed\nended\n");
  expect(stderr.match(/can't be looked at/g)).toHaveLength(1);
});
