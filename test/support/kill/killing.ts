/** Ends a command in the middle: at a point that it names itself, or when something is seen. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import type { Color } from "../../../infra/model.ts";
import { routerFiles } from "../../../infra/platforms/local/proxy/protocol.ts";
import { familyOf } from "./processes.ts";
import type { Part, ProjectProcess } from "./processes.ts";
import { end } from "./project.ts";
import type { Driver, Project, Run } from "./project.ts";

export interface Moment {
  /** Completes "killed ...". */
  readonly name: string;
  readonly seen: (project: Project, family: () => readonly ProjectProcess[]) => boolean;
  /** Which of the command's processes are killed, all at once. */
  readonly victims: readonly Part[];
}

/** One of the driver's own points, or a moment that is watched for from outside. */
export type Kill = string | Moment;

const lookMs = 3;

/** The driver and its engine at once, so that neither sees the other go. */
const both: readonly Part[] = ["driver", "engine"];

/** As soon as the provider has written the router: the engine doesn't know of it yet. */
export function whenWritten(color: Color, victims: readonly Part[] = both): Moment {
  const name = `when the router serves ${color}`;
  return { name, victims, seen: (project) => weightOf(project, color) === 100 };
}

/** As soon as a provider works for the command; `after` must have been printed before. */
export function whenProviding(
  output: RegExp,
  driver: () => Driver,
  victims: readonly Part[],
): Moment {
  const seen: Moment["seen"] = (_, family) =>
    output.test(driver().output()) && family().some(({ part }) => part === "provider");
  return { name: `when a provider works after ${String(output)}`, victims, seen };
}

/** What the router has stored, read past it: asking takes longer than the moment lasts. */
function weightOf({ place }: Project, color: Color): number | null {
  try {
    const text = readFileSync(join(place, "router", routerFiles.routes), "utf8");
    return (JSON.parse(text) as { weights: Record<Color, number> }).weights[color];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

/** Resolves when the command has ended; fails when it ended before the moment came. */
export async function killWhen(project: Project, driver: Driver, moment: Moment): Promise<Run> {
  const state: { ended: Run | null } = { ended: null };
  const ended = driver.ended.then((run) => (state.ended = run));
  while (!moment.seen(project, () => familyOf(driver.pid))) {
    if (state.ended) throw new Error(`ended before ${moment.name}: ${state.ended.output}`);
    await sleep(lookMs);
  }
  const family = familyOf(driver.pid);
  for (const { pid, part } of family) if (moment.victims.includes(part)) end(pid);
  return await ended;
}

/** Runs the command until it is killed there. */
export async function runUntilKilled(
  project: Project,
  args: readonly string[],
  { kill, cwd = project.folder }: { readonly kill: Kill; readonly cwd?: string },
): Promise<Run> {
  const run =
    typeof kill === "string"
      ? await project.bluegreen(args, { killAt: kill, cwd }).ended
      : await killWhen(project, project.bluegreen(args, { cwd }), kill);
  expect(run, run.output).toMatchObject({ signal: "SIGKILL" });
  return run;
}
