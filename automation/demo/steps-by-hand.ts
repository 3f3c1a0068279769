/** The demo's middle: traffic moved by a line of the settings and a plain `pulumi up`. */

import { basename } from "node:path";
import type { Color } from "../../infra/model.ts";
import { otherColor } from "../../infra/model.ts";
import { writeSettingsFile } from "../adapters/settings-file.ts";
import type { Stage } from "./stage.ts";
import { expectDeclared } from "./steps-rollout.ts";
import type { Step } from "./step.ts";

const pulumiUp = "pulumi -- up --yes --skip-preview --suppress-outputs --stack dev";

const switchByHand: Step = {
  name: "switch by hand",
  title: "A switch by hand, with Pulumi itself",
  say:
    "Which color has the traffic is one line of the settings. A preview says what changing it " +
    "would do; then the real `pulumi up` does it, behind the same guards.",
  moves: true,
  answeredBy: ["1", "2"],
  run: async (stage) => {
    editActiveColor(stage, "blue");
    await stage.bluegreen("preview", { exitCode: 0 });
    await stage.bluegreen(pulumiUp, { exitCode: 0 });
  },
};

const staleFile: Step = {
  name: "old settings file",
  title: "An old settings file",
  say:
    "A checkout from before that switch still says green, as the router did at its generation. " +
    "That is no wish, so `pulumi up` says so and moves nothing: traffic stays on blue.",
  answeredBy: ["1"],
  run: async (stage) => {
    editActiveColor(stage, "green");
    await stage.bluegreen(pulumiUp, { exitCode: 0, says: /traffic stays on blue/ });
  },
};

const rollback: Step = {
  name: "rollback",
  title: "A rollback",
  say:
    "Back to the former color by the same flip. It still runs, so nothing is started or built, " +
    "and nothing is waited for.",
  moves: true,
  answeredBy: ["1", "2"],
  run: async (stage) => {
    await stage.bluegreen("rollback", { exitCode: 0 });
    expectDeclared(stage, { activeColor: "green", generation: 4 });
  },
};

export const handSteps: readonly Step[] = [switchByHand, staleFile, rollback];

function editActiveColor({ project, screen }: Stage, color: Color): void {
  writeSettingsFile(project.settingsFile, { activeColor: color });
  screen.say(`${basename(project.settingsFile)} is edited:`);
  screen.output(screen.paint.red(`- bluegreen:activeColor: ${otherColor(color)}`));
  screen.output(screen.paint.green(`+ bluegreen:activeColor: ${color}`));
}
