/** Whether the server would still accept its configuration, whoever wrote what is wrong in it. */

import type { Diagnosis } from "../../platform.ts";
import type { Access } from "./access.ts";

const testMs = 10_000;

/** A restart or reload needs that; none: it would. */
export async function refusedConfiguration(access: Access): Promise<readonly Diagnosis[]> {
  const { spec, host, dialect } = access;
  const ran = await host.run(dialect.checkArgv(spec), { deadlineMs: testMs });
  if (ran.code === 0) return [];
  const { message, hint = null } = dialect.explain(spec, `${ran.stdout}\n${ran.stderr}`);
  const sentence = `a restart would fail: ${message}`;
  return [{ level: "problem", subject: "router", sentence, fix: hint }];
}
