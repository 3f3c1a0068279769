/** Freeze windows, met by the driver and by hand. */

import { writeFileSync } from "node:fs";
import { beforeAll, expect, it } from "vitest";
import type { Run } from "../support/project/command.ts";
import { describeOnEngine } from "../support/project/engine.ts";
import { expectExit } from "../support/project/expectations.ts";
import { makeProject, pulumiUp } from "../support/project/project.ts";
import type { Project } from "../support/project/project.ts";
import { removeAfterAll } from "../support/project/removal.ts";

const toDev = [...pulumiUp, "--stack", "dev"];

describeOnEngine("an environment in a freeze window", () => {
  let project: Project;

  beforeAll(async () => {
    project = await makeProject({ settings: { checks: "[]" } });
    expectExit(await project.run(["deploy", "--version", "1"]), 0);
    expectExit(await project.run(["deploy", "--version", "2"]), 0);
  });

  removeAfterAll(() => project);

  async function expectRefusal(work: () => Promise<Run>, words: RegExp): Promise<void> {
    const run = await work();
    expect(run.code).not.toBe(0);
    expect(run.output).toMatch(words);
    expect(await project.ask()).toMatchObject({ body: "green 2" });
  }

  it("refuses every switch in a freeze, but no rollback, and none with a reason", async () => {
    const began = new Date(Date.now() - 3_600_000).toISOString().slice(0, 16);
    const window = `{ start: "${began}", for: 2h, reason: sales day }`;
    const freeze = `  bluegreen:freeze: { windows: [${window}] }\n`;
    const frozen = project.settings().replace("config:\n", `config:\n${freeze}`);
    writeFileSync(project.settingsFile, frozen);
    project.edit({ activeColor: "blue" });
    const refusal = /FROZEN: switches are frozen until \d{4}-\S+ \d\d:\d\d UTC: sales day/;
    await expectRefusal(() => project.pulumi(toDev), refusal);
    await expectRefusal(() => project.run(["switch", "blue", "--no-bake"]), refusal);
    await expectRefusal(() => project.run(["deploy", "--version", "3"]), refusal);
    const reason = { env: { BLUEGREEN_OVERRIDE_FREEZE: "carts fail" } };
    expectExit(await project.pulumi(toDev, reason), 0);
    expect(await project.ask()).toMatchObject({ body: "blue 1" });
    expectExit(await project.run(["rollback"]), 0);
    expect(await project.ask()).toMatchObject({ body: "green 2" });
    const overridden = ["switch", "blue", "--no-bake", "--override-freeze", "carts fail"];
    expectExit(await project.run(overridden), 0);
    expect((await project.pulumi(["stack", "history", "--stack", "dev"])).output).toContain(
      "despite the freeze: carts fail",
    );
    expectExit(await project.run(["rollback"]), 0);
  });
});
