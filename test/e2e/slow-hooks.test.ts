/** A hook after the switch that takes long, on the local platform: a bad release doesn't wait for it. */

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { isAlive, startOf } from "../../infra/process-identity.ts";
import { describeOnEngine } from "../support/project/engine.ts";
import { expectError, expectExit } from "../support/project/expectations.ts";
import { makeProject } from "../support/project/project.ts";
import type { Project } from "../support/project/project.ts";
import { removeAfterAll } from "../support/project/removal.ts";

const hook = `
sleep 60 &
echo "$$ $!" > hook.begun
mv hook.begun hook.pids
wait
touch hook.ended
`;

describeOnEngine("a slow hook after the switch", () => {
  let project: Project;
  const inFolder = (name: string): string => join(project.folder, name);

  beforeAll(async () => {
    project = await makeProject({
      settings: {
        checks: "[]",
        probe: "{ path: /healthz, count: 3, ratePerSecond: 50, timeout: 500ms }",
        bake: '{ duration: 5s, interval: 500ms, synthetic: { paths: ["/", "/orders"] } }',
      },
    });
    expectExit(await project.run(["deploy", "--version", "1"]), 0);
    const stage = "POST_PRODUCTION_TRAFFIC_SHIFT";
    const hooks = JSON.stringify([{ stage, argv: ["sh", "hook.sh"], timeout: "2m" }]);
    writeFileSync(inFolder("hook.sh"), hook);
    const settings = project
      .settings()
      .replace("config:\n", `config:\n  bluegreen:hooks: ${hooks}\n`);
    writeFileSync(project.settingsFile, settings);
  });

  removeAfterAll(() => project);

  /** The shell and its sleep, once they run. */
  async function sleeping() {
    await expect.poll(() => existsSync(inFolder("hook.pids")), { timeout: 60_000 }).toBe(true);
    const pids = readFileSync(inFolder("hook.pids"), "utf8").trim().split(" ").map(Number);
    return pids.map((pid) => ({ pid, started: startOf(pid) ?? expect.fail(`${pid} has ended`) }));
  }

  it("is ended by a bake that fails meanwhile, and traffic goes back while it sleeps", async () => {
    const deploying = project.run(["deploy", "--version", "2"]);
    const processes = await sleeping();
    expect(processes).toHaveLength(2);
    expect(await project.ask()).toMatchObject({ body: "green 2" });
    project.fault("2", { status: 500 });
    const run = await deploying;
    expectError(run, { exit: 4, code: "ROLLED_BACK", says: /(errors|failures) in/ });
    expect(run.output).toMatch(/POST_PRODUCTION_TRAFFIC_SHIFT: interrupted before it passed/);
    expect(processes.filter(isAlive)).toEqual([]);
    expect(existsSync(inFolder("hook.ended"))).toBe(false);
    expect(await project.ask()).toMatchObject({ body: "blue 1" });
    expect((await project.record()).pins).toMatchObject([{ version: "2" }]);
  });
});
