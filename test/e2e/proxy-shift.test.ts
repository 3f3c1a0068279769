/** Traffic that moves in judged steps on nginx and on HAProxy, under load: to the end, and back. */

import { beforeAll, expect, it } from "vitest";
import { describeOnEngine } from "../support/project/engine.ts";
import { expectExit } from "../support/project/expectations.ts";
import { makeProject } from "../support/project/project.ts";
import type { Project } from "../support/project/project.ts";
import { removeWithRouter, routerReading, useProcesses } from "../support/project/proxy.ts";
import { removeAfterAll } from "../support/project/removal.ts";
import { describeWith } from "../support/programs.ts";
import { underSteadyLoad } from "../support/steady-load.ts";

const ratePerSecond = 100;
const stepSeconds = 4;
/** Two steps and a bake, with an engine that is slow on a busy machine. */
const limitMs = 150_000;

/** Green's part of the requests of a step, in which none failed. */
function shareIn(output: string, step: number): number {
  const told = new RegExp(
    `step ${step} of 2: green had 0 errors in ([\\d,]+) requests?, blue 0 in ([\\d,]+)`,
  );
  const [green = NaN, blue = NaN] = (told.exec(output) ?? [])
    .slice(1)
    .map((count) => Number(count.replaceAll(",", "")));
  return green / (green + blue);
}

for (const dialect of ["nginx", "haproxy"] as const) {
  describeWith([dialect], `a shift in steps on ${dialect}`, () => {
    describeOnEngine("by the driver", () => {
      let project: Project;

      beforeAll(async () => {
        const forS = `for: ${stepSeconds}s`;
        project = await makeProject({
          settings: {
            checks: "[]",
            probe: "{ path: /healthz, count: 3 }",
            bake: "{ duration: 3s, interval: 500ms }",
            shift: `{ steps: [{ weight: 10, ${forS} }, { weight: 50, ${forS} }] }`,
          },
        });
        await useProcesses(project, { dialect });
        // Its bake needs requests to judge, too.
        expectExit((await underLoad(() => deploy("1"))).result, 0);
      });

      removeAfterAll(() => project, removeWithRouter);

      const deploy = (version: string) =>
        project.run(["deploy", "--version", version], { limitMs });
      const underLoad = <T>(work: () => Promise<T>) =>
        underSteadyLoad({ url: `${project.url}/`, ratePerSecond }, work);

      it("goes over 10 and 50 to 100 %, each step judged, and loses no request", async () => {
        const { result: run, count } = await underLoad(() => deploy("2"));
        expectExit(run, 0);
        expect(run.stderr).toContain("shift to 10 %, watched");
        expect(run.stderr).toContain("shift to 50 %, watched");
        // Many times what chance alone makes of some 400 requests.
        expect(Math.abs(shareIn(run.stderr, 1) - 0.1)).toBeLessThan(0.07);
        expect(Math.abs(shareIn(run.stderr, 2) - 0.5)).toBeLessThan(0.13);
        expect(count.failures).toEqual([]);
        expect(count.bodies.get("green 2")).toBeGreaterThan(0);
        expect(await project.ask()).toMatchObject({ body: "green 2" });
        expect(await project.record()).toMatchObject({
          activeColor: "green",
          weights: { blue: 0, green: 100 },
          rollout: { phase: "hold" },
        });
      });

      it("returns from the step in which a release fails real traffic", async () => {
        project.fault("3", { status: 500 });
        const { result: run, count } = await underLoad(() => deploy("3"));
        expectExit(run, 4);
        expect(run.stderr).toMatch(
          /fail {2}step 1 of 2: (users alone: )?blue had \d+ errors in \d+ requests, green 0/,
        );
        expect(run.stderr).toContain("the release is pinned");
        expect(run.stderr).not.toContain("shift to 50 %");
        expect((await routerReading(project)).weights).toEqual({ blue: 0, green: 100 });
        // Of the release's own making, each of them: the router and the way back lose none.
        const own = count.failures.filter((each) => each.includes("status 500: blue 3"));
        expect(count.failures).toEqual(own);
        expect(own.length).toBeGreaterThan(0);
        expect(own.length).toBeLessThan((ratePerSecond * (stepSeconds + 1)) / 10 + 20);
        expectExit(await deploy("3"), 3);
      });
    });
  });
}
