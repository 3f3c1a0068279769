/** A cohort before all others, under load of both: to the end, back from a bad release, resumed. */

import { beforeAll, expect, it } from "vitest";
import { describeOnEngine } from "../support/project/engine.ts";
import { expectExit } from "../support/project/expectations.ts";
import { makeProject } from "../support/project/project.ts";
import type { Project } from "../support/project/project.ts";
import { removeAfterAll } from "../support/project/removal.ts";
import { underSteadyLoad } from "../support/steady-load.ts";

const ratePerSecond = 50;
const beta = { "x-beta": "yes" };

describeOnEngine("a shift that begins with a cohort", () => {
  let project: Project;

  beforeAll(async () => {
    project = await makeProject({
      settings: {
        checks: "[]",
        probe: "{ path: /healthz, count: 3 }",
        bake: "{ duration: 3s, interval: 500ms }",
        shift:
          '{ steps: [{ cohort: { header: X-Beta, value: "yes" }, for: 4s }, { weight: 50, for: 3s }] }',
      },
    });
    // Without requests its bake proves nothing.
    expectExit((await underBoth(() => deploy("1"))).run, 0);
  });

  removeAfterAll(() => project);

  const deploy = (version: string, env: Record<string, string> = {}) =>
    project.run(["deploy", "--version", version], { env });
  const asBeta = async () => (await fetch(`${project.url}/`, { headers: beta })).text();

  /** The load of the cohort and that of the others, side by side. */
  async function underBoth<T>(work: () => Promise<T>) {
    const url = `${project.url}/`;
    const { result: inner, count: others } = await underSteadyLoad({ url, ratePerSecond }, () =>
      underSteadyLoad({ url, ratePerSecond, headers: beta }, work),
    );
    return { run: inner.result, cohort: inner.count, others };
  }

  it("is told by a preview, with whose requests move", async () => {
    const run = await project.run(["preview", "--version", "2"]);
    expectExit(run, 0);
    expect(run.stdout).toContain("shift of header x-beta: yes, watched for 4s");
    expect(run.stdout).toContain("shift to 50 % and header x-beta: yes, watched for 3s");
  });

  it("goes on to all others, and loses no request", async () => {
    const { run, cohort, others } = await underBoth(() => deploy("2"));
    expectExit(run, 0);
    expect(run.stderr).toMatch(/step 1 of 2: green had 0 errors in \d+ requests, blue 0/);
    expect([cohort.failures, others.failures]).toEqual([[], []]);
    expect(cohort.bodies.get("green 2")).toBeGreaterThan(others.bodies.get("green 2") ?? 0);
    expect(await project.record()).toMatchObject({ schema: 1, weights: { blue: 0, green: 100 } });
  });

  it("sends a bad release back before anybody else meets it", async () => {
    project.fault("3", { status: 500 });
    const { run, cohort, others } = await underBoth(() => deploy("3"));
    expectExit(run, 4);
    expect(run.stderr).toMatch(/fail {2}step 1 of 2: blue had \d+ errors in \d+ requests/);
    expect(run.stderr).toContain("the release is pinned");
    console.log(`${cohort.failures.length} of the cohort's ${cohort.sent} failed`);
    expect(cohort.failures.length).toBeGreaterThan(0);
    expect(others.failures).toEqual([]);
    expect(others.bodies.get("blue 3")).toBeUndefined();
    expect(await asBeta()).toBe("green 2");
    expect((await project.record()).weights).toEqual({ blue: 0, green: 100 });
  });

  it("that was killed in it goes on in it, or back, also directly", async () => {
    const killed = { BLUEGREEN_FAULT: "kill at before Watch" };
    await deploy("4", killed);
    expect([await asBeta(), (await project.ask()).body]).toEqual(["blue 4", "green 2"]);
    const status = await project.run(["status"]);
    expect(status.stdout).toMatch(/step +1 of 2: blue has header x-beta: yes, until/);
    expect((await project.run(["abort"])).stderr).toContain("bluegreen rollback");
    const { run, cohort, others } = await underBoth(() => project.run(["deploy"]));
    expectExit(run, 0);
    expect(run.stderr).not.toContain("shift of header");
    expect([cohort.failures, others.failures]).toEqual([[], []]);

    await deploy("5", killed);
    expect(await asBeta()).toBe("green 5");
    expectExit(await project.run(["rollback", "--direct"]), 0);
    expect(await asBeta()).toBe("blue 4");
    expectExit(await project.run(["up"]), 0);
    expect((await project.record()).weights).toEqual({ blue: 100, green: 0 });
  });
});
