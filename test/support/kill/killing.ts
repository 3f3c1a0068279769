/** Ends a command in the middle: at a point that it names itself, or when something is seen. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import type { Color } from "../../../infra/model.ts";
import { routerFiles } from "../../../infra/platforms/local/router/protocol.ts";
import type { Run, Running } from "../project/command.ts";
import { kill } from "../project/processes.ts";
import { backendFolder } from "../project/project.ts";
import type { Project } from "../project/project.ts";
import { familyOf } from "./processes.ts";
import type { Part, PartProcess } from "./processes.ts";

export interface Moment {
  /** Completes "killed ...". */
  readonly name: string;
  readonly seen: (project: Project, running: Running) => boolean;
  /** Which of the command's processes are killed, all at once. */
  readonly victims: readonly Part[];
}

/** One of the driver's own points, or a moment that is watched for from outside. */
export type Kill = string | Moment;

export const killed = 137;
const lookMs = 3;
/** Ample, so that a busy machine doesn't end a command early. */
const limitMs = 240_000;

/**
 * As soon as the provider has written the router: the engine hasn't recorded it. By default driver
 * and engine go at once, so that neither sees the other go.
 */
export function whenWritten(color: Color, victims: readonly Part[] = ["driver", "engine"]): Moment {
  const name = `when the router serves ${color}`;
  return { name, victims, seen: (project) => weightOf(project, color) === 100 };
}

/** As soon as an engine whose command line matches has the lock of its stack: it is at work then. */
export function whenLocked(engine: RegExp, victims: readonly Part[] = ["driver"]): Moment {
  const isIt = ({ part, command }: PartProcess): boolean =>
    part === "engine" && engine.test(command);
  return {
    name: `when ${engine.source} has its lock`,
    victims,
    seen: (project, { pid }) => isLocked(project) && familyOf(pid).some(isIt),
  };
}

function isLocked(project: Project): boolean {
  const locks = join(backendFolder(project), ".pulumi/locks");
  const files = existsSync(locks) ? readdirSync(locks, { recursive: true, encoding: "utf8" }) : [];
  return files.some((file) => file.endsWith(".json"));
}

/** As soon as the command has said this. */
export function whenSaid(pattern: RegExp, victims: readonly Part[] = ["driver"]): Moment {
  const name = `when it said ${pattern.source}`;
  return { name, victims, seen: (_, { said }) => pattern.test(said()) };
}

/** What the router has stored, read past it: asking takes longer than the moment lasts. */
function weightOf({ place }: Project, color: Color): number | null {
  try {
    const text = readFileSync(join(place.router, routerFiles.routes), "utf8");
    return (JSON.parse(text) as { weights: Record<Color, number> }).weights[color];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

/** Resolves when the moment has come; fails when the command ended before. */
export async function untilSeen(
  project: Project,
  running: Running,
  moment: Pick<Moment, "name" | "seen">,
): Promise<void> {
  const state: { ended: Run | null } = { ended: null };
  void running.done.then((run) => (state.ended = run));
  while (!moment.seen(project, running)) {
    if (state.ended) throw new Error(`ended before ${moment.name}: ${state.ended.output}`);
    await sleep(lookMs);
  }
}

/** Kills as asked, then waits for the command's end, if it wasn't killed itself. */
export async function killWhen(project: Project, running: Running, moment: Moment): Promise<Run> {
  await untilSeen(project, running, moment);
  const victims = familyOf(running.pid).filter(({ part }) => moment.victims.includes(part));
  for (const { pid } of victims) kill(pid);
  expect(victims.length, "nothing was there to kill").toBeGreaterThan(0);
  return await running.done;
}

export interface Place {
  /** Folder of the working copy; default: the project's first. */
  readonly cwd?: string;
}

/** The driver, in any working copy; it writes the settings file in CI as well. */
export function startIn(
  project: Project,
  args: readonly string[],
  { cwd = project.folder, killAt }: Place & { readonly killAt?: string } = {},
): Running {
  const [command = ""] = args;
  const write = ["deploy", "switch", "rollback"].includes(command) ? ["--write"] : [];
  const env = killAt === undefined ? {} : { BLUEGREEN_FAULT: `kill at ${killAt}` };
  return project.start([...args, ...write, "--yes", "--cwd", cwd], { env, limitMs });
}

/** Runs the command until it is killed there. */
export async function runUntilKilled(
  project: Project,
  args: readonly string[],
  { kill, ...place }: Place & { readonly kill: Kill },
): Promise<Run> {
  const run =
    typeof kill === "string"
      ? await startIn(project, args, { ...place, killAt: kill }).done
      : await killWhen(project, startIn(project, args, place), kill);
  expect(run.code, run.output).toBe(killed);
  return run;
}
