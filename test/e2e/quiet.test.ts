/** A service without any users: synthetic requests judge its releases; a shared outage holds. */

import { beforeAll, expect, it } from "vitest";
import { describeOnEngine } from "../support/project/engine.ts";
import { expectError, expectExit } from "../support/project/expectations.ts";
import { makeProject } from "../support/project/project.ts";
import type { Project } from "../support/project/project.ts";
import { removeAfterAll } from "../support/project/removal.ts";

describeOnEngine("a quiet service", () => {
  let project: Project;

  beforeAll(async () => {
    project = await makeProject({
      settings: {
        checks: "[]",
        probe: "{ path: /healthz, count: 3, ratePerSecond: 50, timeout: 500ms }",
        bake: '{ duration: 5s, interval: 500ms, synthetic: { paths: ["/", "/orders"] } }',
      },
    });
    expectExit(await project.run(["deploy", "--version", "1"]), 0);
  });

  removeAfterAll(() => project);

  it("is told by a preview that synthetic requests will be sent", async () => {
    const run = await project.run(["preview", "--version", "2"]);
    expectExit(run, 0);
    expect(run.stdout).toContain("up to 50 synthetic ones a second ask for /, /orders");
  });

  it("lets a good release pass its bake, and says how many requests were synthetic", async () => {
    const run = await project.run(["deploy", "--version", "2"]);
    expectExit(run, 0);
    expect(run.stderr).toMatch(/pass {2}0 errors in .*; \d+ of the \d+ requests were synthetic/);
    expect(await project.ask()).toMatchObject({ body: "green 2" });
  });

  it("sends a release back that fails on the named paths only", async () => {
    project.fault("3", { status: 500 });
    const run = await project.run(["deploy", "--version", "3"]);
    expectExit(run, 4);
    expect(run.stderr).toMatch(
      /fail {2}(own requests: \d+ failures|\d+ errors) in .* requests were synthetic/,
    );
    expect(await project.ask()).toMatchObject({ body: "green 2" });
    expect((await project.record()).pins).toMatchObject([{ version: "3" }]);
  });

  it("holds where the former color fails on the same paths as well", async () => {
    project.fault("2", { status: 500 });
    project.fault("4", { status: 500 });
    const run = await project.run(["deploy", "--version", "4"]);
    expectError(run, {
      exit: 8,
      code: "BAKE_INCONCLUSIVE",
      says: /the former color fails on the same path as well, so traffic stays/,
    });
    const { activeColor, pins } = await project.record();
    expect(activeColor).toBe("blue");
    expect(pins).toMatchObject([{ version: "3" }]);
  });
});
