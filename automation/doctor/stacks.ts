/** The three stacks: what they hold, who locks them, and whether all that is known agrees. */

import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { isAtHome } from "../../infra/config/at-home.ts";
import type { Settings } from "../../infra/config.ts";
import { colors, isColor, perColor } from "../../infra/model.ts";
import type { Color } from "../../infra/model.ts";
import type { Observed } from "../../infra/observation.ts";
import { stackName } from "../../infra/stack-role.ts";
import { askStack } from "../adapters/pulumi-cli.ts";
import type { CliTarget } from "../adapters/pulumi-cli.ts";
import type { BackendChoice } from "../engine/backend.ts";
import { describeLock, stackLocks } from "../engine/lock.ts";
import type { StackLock } from "../engine/lock.ts";
import type { Project } from "../project.ts";
import { findDrift } from "../status/drift.ts";
import { tellsOfThePast } from "../status/filling.ts";
import type { FillingReport } from "../status/filling.ts";
import { contentsOf, observeStacks } from "../status/observe.ts";
import { findProblems } from "../status/problems.ts";
import { fillingsOf } from "../status/report.ts";
import { guarded, note, ok, problem } from "./finding.ts";
import type { Finding } from "./finding.ts";
import { examineReboot } from "./machine.ts";
import { leftoversOf } from "./leftovers.ts";

export interface StackAccess {
  readonly cli: CliTarget;
  readonly backend: BackendChoice;
}

export async function examineStacks(
  project: Project,
  { cli, backend }: StackAccess,
): Promise<readonly Finding[]> {
  const names = ([null, "blue", "green"] as const).map((color) =>
    stackName({ environment: project.settings.environment, color }),
  );
  const found = await Promise.all([
    guarded("stacks", () => examineStates(names, cli)),
    guarded("locks", () => examineLocks(names, project, backend)),
    guarded("record", () => examineRecord(project, cli)),
    guarded("files", () => strayFiles(names, project)),
  ]);
  return found.flat();
}

async function examineStates(
  names: readonly string[],
  cli: CliTarget,
): Promise<readonly Finding[]> {
  const states = await Promise.all(
    names.map(async (name) => ({
      name,
      state: await askStack(cli, ["stack", "export", "--stack", name], name),
    })),
  );
  const there = states.filter(({ state }) => state !== null).map(({ name }) => name);
  const leftovers = states.flatMap(({ name, state }) =>
    state === null ? [] : leftoversOf(name, state),
  );
  if (there.length === 0) return [note("stacks", "none exists yet", "`bluegreen deploy`")];
  return [ok("stacks", `${there.join(", ")} exist`), ...leftovers];
}

async function examineLocks(
  names: readonly string[],
  { project, cwd, settings }: Project,
  { url }: BackendChoice,
): Promise<readonly Finding[]> {
  const found = await Promise.all(
    names.map(async (stack) => ({ stack, locks: await stackLocks({ url, project, stack, cwd }) })),
  );
  const seen = found.flatMap(({ stack, locks }) =>
    locks === "unknown" ? [] : locks.map((lock) => describe(stack, lock, settings)),
  );
  if (seen.length > 0) return seen;
  const unknown = found.some(({ locks }) => locks === "unknown");
  return [ok("locks", unknown ? "only the backend itself knows of locks" : "no stack is locked")];
}

function describe(stack: string, lock: StackLock, { claimMs }: Settings): Finding {
  const now = Date.now();
  const sentence = `${stack} is ${describeLock(lock, now)}`;
  const old = lock.since !== null && now - lock.since > claimMs;
  switch (lock.state) {
    case "dead":
      return note("locks", sentence, "the next command takes it over");
    case "live":
      return note("locks", sentence, "wait for that update");
    case "other-host":
      return old
        ? problem("locks", sentence, "if that update is dead: `bluegreen unlock`")
        : note("locks", sentence, "wait for that update");
    case "unreadable":
      return problem("locks", sentence, "if no update is running: `bluegreen unlock`");
  }
}

/** What the record, the data plane, the file and the platform's own parts say of each other. */
async function examineRecord(project: Project, cli: CliTarget): Promise<readonly Finding[]> {
  const { settings, settingsFile, application } = project;
  const { platformOf } = await import("../../infra/platforms/index.ts");
  const view = await observeStacks(project, cli);
  const platform = platformOf(settings);
  const scope = { settings, colors: view?.colors ?? perColor(() => null) };
  const own = (await platform.diagnose?.(scope)) ?? null;
  const parts = own?.map((each): Finding => ({ ...each, details: [] })) ?? [];
  if (!view) return parts;
  const name = basename(settingsFile);
  const fillings = fillingsOf(view, await contentsOf(view, settings, platform));
  const isFilling = (subject: string): boolean =>
    isColor(subject) && tellsOfThePast(fillings[subject]);
  const reboot = isAtHome(settings) && view.record.activeColor !== null;
  return [
    ...agreement(view, { settings, name }),
    ...findProblems(view, { ownerGone: null, fillings })
      .filter(({ subject }) => own === null || subject === "rollout" || isFilling(subject))
      .map(({ subject, sentence, advice }) => problem(subject, sentence, advice)),
    ...colors.flatMap((color) => fillingNotes(color, fillings[color])),
    // Of a color whose stack tells of the past, the platform compares it with that.
    ...parts.filter(({ subject }) => !isFilling(subject)),
    ...(reboot ? [examineReboot(application, settings.environment)] : []),
  ];
}

/** What has ended before its end is among the problems. */
function fillingNotes(color: Color, filling: FillingReport | null): readonly Finding[] {
  return filling && filling.state !== "ended" ? [note(color, filling.sentence)] : [];
}

function agreement(view: Observed, file: { settings: Settings; name: string }): Finding[] {
  const drift = findDrift(view, file);
  if (drift.length === 0) {
    return [ok("record", "the settings file, the record and the data plane agree")];
  }
  return drift.map(({ between, sentence, advice, paste }) => ({
    ...(between[0] === "router" ? problem : note)("record", sentence, advice),
    details: paste,
  }));
}

/** All stacks of an environment use one settings file; one more would only mislead. */
function strayFiles(
  [, ...colorStacks]: readonly string[],
  { cwd, settingsFile }: Project,
): Finding[] {
  const stray = colorStacks.map((name) => `Pulumi.${name}.yaml`);
  return stray
    .filter((name) => existsSync(join(cwd, name)))
    .map((name) => {
      const sentence = `${name} isn't used: colors take ${basename(settingsFile)}`;
      return note("files", sentence, "move what is in it there, then delete it");
    });
}
