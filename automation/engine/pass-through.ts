/** Runs the Pulumi CLI for a person: their terminal, their arguments, its exit code. */

import { spawn } from "node:child_process";
import { constants } from "node:os";
import { BlueGreenError } from "../../infra/errors.ts";
import { stackName, stackRole } from "../../infra/stack-role.ts";
import type { StackRole } from "../../infra/stack-role.ts";
import { openEngine } from "./access.ts";
import type { EngineAccess } from "./access.ts";
import type { Reporter } from "../event.ts";
import { openProject } from "../project.ts";
import type { OpenOptions, Project } from "../project.ts";

/**
 * @returns Pulumi's exit code, or 128 and the signal that ended it
 * @throws what opening the project and the engine throws
 */
export async function passThrough(options: OpenOptions, args: readonly string[]): Promise<number> {
  const { reporter } = options;
  const made = colorToMake(args);
  const named = made ? stackName(made) : namedStack(args);
  const stack = named === null ? options.stack : stackRole(named).environment;
  const project = openProject({ ...options, stack });
  const access = await openEngine(project, reporter);
  const { found, engineEnv } = access;
  if (made) return makeColorStack(project, access, made, reporter);
  const env = {
    ...process.env,
    ...engineEnv,
    PULUMI_OPTION_CONFIG_FILE: project.settingsFile,
    ...(named === null && takesStack(args) ? { PULUMI_OPTION_STACK: stack } : {}),
  };
  return run(found.pulumi, args, { cwd: project.cwd, env });
}

/** The color's stack that `stack init NAME` is to make; null for any other command. */
export function colorToMake(args: readonly string[]): StackRole | null {
  const [first, second, name = "", ...rest] = args;
  if (first !== "stack" || second !== "init" || rest.length > 0) return null;
  const role = stackRole(name);
  return role.color === null ? null : role;
}

/** Made by Pulumi alone it would get a settings file and secrets of its own. */
async function makeColorStack(
  { project }: Project,
  { cli, found }: EngineAccess,
  role: StackRole,
  reporter: Reporter,
): Promise<number> {
  const { Engine } = await import("../adapters/engine.ts");
  await new Engine({ ...cli, version: found.version, project }).ensureStack(role);
  reporter.on({ kind: "Noted", sentence: `stack ${stackName(role)} exists` });
  return 0;
}

/** The stack that the arguments name by a flag; a qualified name counts by its last part. */
export function namedStack(args: readonly string[]): string | null {
  for (const [index, word] of args.entries()) {
    const value = /^(?:--stack|-s)=(.+)$/.exec(word)?.[1];
    const name = word === "--stack" || word === "-s" ? args[index + 1] : value;
    if (name !== undefined) return name.split("/").at(-1) ?? name;
  }
  return null;
}

/** These commands of `pulumi stack` name theirs by an argument, and refuse a flag beside it. */
const byArgument: ReadonlySet<string> = new Set(["init", "select", "rm"]);

/** Whether the environment's stack may be named for a command that doesn't name one itself. */
export function takesStack(args: readonly string[]): boolean {
  return !args.some((word, index) => word === "stack" && byArgument.has(args[index + 1] ?? ""));
}

interface Place {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

function run(pulumi: string, args: readonly string[], { cwd, env }: Place): Promise<number> {
  const child = spawn(pulumi, args, { cwd, env, stdio: "inherit" });
  const stop = forwardSignals((signal) => child.kill(signal));
  return new Promise<number>((resolve, reject) => {
    child.once("error", (cause) => {
      const message = `${pulumi} can't be started: ${cause.message}`;
      reject(new BlueGreenError("ENGINE_FAILED", message, { cause }));
    });
    child.once("exit", (code, signal) => {
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  }).finally(stop);
}

/**
 * A terminal sends Ctrl-C to Pulumi itself, which would take a second one for "at once"; what was
 * sent to this process alone is passed on.
 */
function forwardSignals(send: (signal: NodeJS.Signals) => void): () => void {
  const signals: NodeJS.Signals[] = ["SIGTERM", "SIGHUP", "SIGINT"];
  const own = process.stdin.isTTY ? signals.slice(0, 2) : signals;
  for (const signal of own) process.on(signal, send);
  const ignore = (): void => undefined;
  process.on("SIGINT", ignore);
  return () => {
    for (const signal of own) process.off(signal, send);
    process.off("SIGINT", ignore);
  };
}
