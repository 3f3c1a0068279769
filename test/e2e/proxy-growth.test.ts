/** Colors that grow on nginx and on HAProxy, which a reload brings in, under load. */

import { writeFileSync } from "node:fs";
import { beforeAll, expect, it } from "vitest";
import { describeOnEngine } from "../support/project/engine.ts";
import { expectExit } from "../support/project/expectations.ts";
import { makeProject } from "../support/project/project.ts";
import type { Project } from "../support/project/project.ts";
import {
  removeWithRouter,
  routerPids,
  routerReading,
  useProcesses,
} from "../support/project/proxy.ts";
import { removeAfterAll } from "../support/project/removal.ts";
import { describeWith } from "../support/programs.ts";
import { underSteadyLoad } from "../support/steady-load.ts";

/** nginx may close a kept connection at a reload, at the very moment of its next request. */
const dialects = [
  { dialect: "nginx", connections: "fresh" },
  { dialect: "haproxy", connections: "both" },
] as const;
const limitMs = 150_000;

for (const { dialect, connections } of dialects) {
  describeWith([dialect], `a color that grows on ${dialect}`, () => {
    describeOnEngine("by the driver", () => {
      let project: Project;

      beforeAll(async () => {
        project = await makeProject();
        await useProcesses(project, { dialect, room: 3 });
        expectExit(await project.run(["deploy", "--version", "1"], { limitMs }), 0);
      });

      removeAfterAll(() => project, removeWithRouter);

      /** Nothing is lost, though the server got other workers meanwhile. */
      async function expectReloaded(args: readonly string[]): Promise<void> {
        const before = routerPids(project);
        const { result: run, count } = await underSteadyLoad(
          { url: `${project.url}/`, ratePerSecond: 100, connections },
          () => project.run(args, { limitMs }),
        );
        expectExit(run, 0);
        expect(count.failures, run.output).toEqual([]);
        expect(count.sent).toBeGreaterThan(50);
        const after = routerPids(project);
        expect(after[0]).toBe(before[0]);
        expect(after.slice(1)).not.toEqual(before.slice(1));
      }

      /** What the server knows of each color, and what of it is ready. */
      async function sizes() {
        const { attached, targets, problems } = await routerReading(project);
        const known = { blue: attached.blue.length, green: attached.green.length };
        const status = await project.run(["status", "--json"]);
        const { colors } = JSON.parse(status.stdout) as {
          colors: Record<"blue" | "green", { size: number; ready: number }>;
        };
        expect(problems).toEqual([]);
        expect(targets.blue.problems).toEqual([]);
        const ready = { blue: colors.blue.ready, green: colors.green.ready };
        return { known, ready };
      }

      it("gets a release with more instances, each of which serves", async () => {
        const text = project.settings().replace(/(kind: process.*)instances: 1/, "$1instances: 3");
        writeFileSync(project.settingsFile, text);
        await expectReloaded(["deploy", "--version", "2"]);
        expect(await project.ask()).toMatchObject({ body: "green 2" });
        expect(await sizes()).toEqual({
          known: { blue: 1, green: 3 },
          ready: { blue: 1, green: 3 },
        });
      });
    });
  });
}
