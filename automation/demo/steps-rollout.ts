/** The demo's beginning: a project, its first release, users, and a rollout under their load. */

import { readFileSync } from "node:fs";
import type { Stage } from "./stage.ts";
import { Unexpected } from "./stage.ts";
import { declaredTraffic } from "./project.ts";
import type { DeclaredTraffic } from "./project.ts";
import type { Step } from "./step.ts";
import { count } from "./table.ts";

const project: Step = {
  name: "project",
  title: "A project of its own",
  say:
    "The web shop of examples/shop gets a folder, a free port and a Pulumi state of its own; " +
    "nothing of yours is touched. These are all its settings:",
  run: ({ screen, project: { folder, settingsFile } }) => {
    screen.command(`cd ${folder} && . ./env.sh`);
    screen.command("cat Pulumi.dev.yaml");
    readFileSync(settingsFile, "utf8").trimEnd().split("\n").forEach(screen.output.bind(screen));
    return Promise.resolve();
  },
};

const firstRelease: Step = {
  name: "first release",
  title: "The first release",
  say:
    "Pulumi starts the router and two instances of release 1 in the color blue; blue is checked, " +
    "gets all traffic, and is watched for a moment.",
  run: async (stage) => {
    await stage.bluegreen("deploy --version 1", { exitCode: 0 });
    expectDeclared(stage, { activeColor: "blue", generation: 1 });
  },
};

const users: Step = {
  name: "users arrive",
  title: "Users arrive",
  say:
    "From here to the end a process of its own sends requests at a constant rate, as fast as leaves " +
    "this machine some room: pages, lists and orders (POST), half on kept connections, half on " +
    "fresh ones, and 5 WebSockets. It never tries again, so whatever goes wrong is counted.",
  answeredBy: ["1"],
  run: async (stage) => {
    await stage.startLoad();
    const { screen, project: where, ratePerSecond } = stage;
    const rate = `${count(ratePerSecond)} requests per second`;
    screen.fact(screen.paint.green("ok"), `${rate}, answered by release 1 at ${where.url}`);
  },
};

const rollout: Step = {
  name: "rollout of 2",
  title: "A blue-green rollout",
  say:
    "Release 2 goes into the idle color, green, is checked there, and gets all traffic by one " +
    "flipped value. It is judged by the answers that users get; blue stays ready.",
  moves: true,
  answeredBy: ["1", "2"],
  run: async (stage) => {
    await stage.bluegreen("deploy --version 2", { exitCode: 0 });
    expectDeclared(stage, { activeColor: "green", generation: 2 });
  },
};

export const rolloutSteps: readonly Step[] = [project, firstRelease, users, rollout];

/** After a switch the driver writes two values into the settings file. */
export function expectDeclared(stage: Stage, expected: DeclaredTraffic): void {
  const got = declaredTraffic(stage.project);
  if (got.activeColor === expected.activeColor && got.generation === expected.generation) return;
  throw new Unexpected(`${words(expected)} in the settings file`, words(got));
}

function words({ activeColor, generation }: DeclaredTraffic): string {
  return `${activeColor}, generation ${generation ?? "none"}`;
}
