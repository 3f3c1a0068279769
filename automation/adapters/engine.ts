/** The only importer of the Automation API: runs the program inline, fast, and translates errors. */

import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, delimiter, dirname, join } from "node:path";
import * as auto from "@pulumi/pulumi/automation/index.js";
import type { ProgramContext } from "../../infra/context.ts";
import type { BlueGreenError } from "../../infra/errors.ts";
import { program } from "../../infra/program.ts";
import { coreProvider } from "../../infra/provider/record-type.ts";
import { serveProvider } from "../../infra/provider/server.ts";
import type { StackRole } from "../../infra/stacks.ts";
import { stackName } from "../../infra/stacks.ts";
import { noteHeldLocks } from "../engine/lock.ts";
import { signMessage } from "../history/signature.ts";
import { thisOwner } from "../owner.ts";
import { reportedError } from "../reported-errors.ts";
import { runEngine } from "./engine-process.ts";
import { askStack, holdsNothing, readOutputs, runPulumi } from "./pulumi-cli.ts";
import type { Outputs } from "./pulumi-cli.ts";
import { makeScratchFolder } from "./scratch-folder.ts";
import { copyForEngine } from "./settings-file.ts";
import { translate } from "./engine-error.ts";
import type { Change, EngineStep } from "./engine-step.ts";
import { changeOf, diagnosticOf, tellsOfKilledCreation } from "./engine-step.ts";

export interface EngineOptions {
  /** Absolute path of the CLI. */
  readonly pulumi: string;
  readonly version: string;
  /** What the CLI's environment gets beside this process's. */
  readonly env: Readonly<Record<string, string>>;
  /** Folder with Pulumi.yaml. */
  readonly cwd: string;
  readonly project: string;
  readonly settingsFile: string;
  /** Where the state lives; null where only Pulumi knows. */
  readonly backendUrl: string | null;
  /** Ends every call when it aborts. */
  readonly signal?: AbortSignal | undefined;
  readonly onStep?: (step: EngineStep) => void;
  /** Called with what a resource of our own has to say beside its result. */
  readonly onNote?: (sentence: string) => void;
  /** Called with the settings, as they stand in the file, of each update that was done. */
  readonly onUpdated?: (settings: string) => Promise<void>;
}

/** Providers that the engine finds at a port instead of starting them: `name:port`, with commas. */
const debugProviders = "PULUMI_DEBUG_PROVIDERS";

export type Operation = "up" | "preview" | "destroy" | "refresh";

export interface Call {
  readonly role: StackRole;
  readonly operation: Operation;
  readonly context: ProgramContext;
  /** For `pulumi stack history`. */
  readonly message: string;
  /** Read every resource first; default false. */
  readonly refresh?: boolean;
  /** Called with each change as the engine announces it, also before a refusal. */
  readonly onChange?: (change: Change) => void;
  /** Ends this call when it aborts. */
  readonly signal?: AbortSignal | undefined;
}

export type { Outputs } from "./pulumi-cli.ts";

export interface OutputsOptions {
  /** Secrets in clear; default false. */
  readonly open?: boolean;
}

export class Engine {
  private readonly options: EngineOptions;
  private readonly workspaces = new Map<string, Promise<auto.Stack>>();

  constructor(options: EngineOptions) {
    this.options = options;
  }

  /** Runs the program once on a stack and returns what it changed. */
  async run(call: Call): Promise<readonly Change[]> {
    // The program would make the stack's root, and nothing would remove it again.
    if (call.operation === "destroy" && (await this.holdsNothing(call.role))) return [];
    const changes: Change[] = [];
    const diagnostics: string[] = [];
    const refusal: { error: BlueGreenError | null } = { error: null };
    const killed = { before: false };
    // Served from here: an engine would start it as a process of its own, twice an update.
    const own = await serveProvider((sentence) => this.options.onNote?.(sentence));
    const folder = await makeScratchFolder();
    try {
      const configFile = copyForEngine(this.options.settingsFile, {}, folder);
      const settings = await readFile(configFile, "utf8");
      const stack = await this.open(call, configFile, refusal);
      stack.workspace.envVars[debugProviders] = attached(own.port);
      const onEvent = (event: auto.EngineEvent): void => {
        const change = changeOf(event);
        if (change) {
          changes.push(change);
          call.onChange?.(change);
        }
        killed.before ||= tellsOfKilledCreation(event);
        const diagnostic = diagnosticOf(event);
        if (diagnostic) diagnostics.push(diagnostic);
        if (change) this.options.onStep?.({ stack: stackName(call.role), change });
      };
      const signals = [this.options.signal, call.signal].filter((signal) => signal !== undefined);
      const signal = AbortSignal.any(signals);
      await operate(stack, call, { configFile, onEvent, signal });
      if (killed.before && call.operation !== "preview") await this.forgetKilled(call.role);
      if (call.operation === "up") await this.options.onUpdated?.(settings);
      return changes;
    } catch (error) {
      throw refusal.error ?? translate(error, diagnostics, stackName(call.role));
    } finally {
      await own.stop();
      await rm(folder, { recursive: true, force: true });
    }
  }

  /** What a killed engine was making is made by now, or isn't wanted any more. */
  private async forgetKilled(role: StackRole): Promise<void> {
    const stack = stackName(role);
    const flags = ["--clear-pending-creates", "--yes", "--skip-preview", "--color", "never"];
    await this.cli(["refresh", ...flags, "--stack", stack], stack);
  }

  private holdsNothing(role: StackRole): Promise<boolean> {
    return holdsNothing(this.options, stackName(role));
  }

  /** Outputs of a stack; null when it doesn't exist. Secrets stay closed by default. */
  outputs(role: StackRole, { open = false }: OutputsOptions = {}): Promise<Outputs | null> {
    return readOutputs(this.options, stackName(role), { open });
  }

  /** What a CLI command prints of a stack; null when the stack doesn't exist. */
  cli(args: readonly string[], stack: string): Promise<string | null> {
    return askStack(this.options, args, stack);
  }

  /**
   * Makes the stack if it isn't there. A color's stack gets no settings file of its own: it is made
   * in a folder with a copy, so that it shares the environment's secrets.
   */
  async ensureStack(role: StackRole): Promise<void> {
    const { settingsFile, cwd, pulumi, env, signal } = this.options;
    const stack = stackName(role);
    const own = role.color === null && dirname(settingsFile) === cwd;
    const folder = own ? cwd : await this.scratchProject(stack);
    try {
      const args = ["stack", "init", stack, "--no-select"];
      const result = await runPulumi({ pulumi, args, cwd: folder, env, signal });
      if (result.ok || /already exists/.test(result.stderr)) return;
      throw translate(new Error(result.stderr), [], stack);
    } finally {
      if (!own) await rm(folder, { recursive: true, force: true });
    }
  }

  /** Removes an empty stack and its history; the settings file stays. */
  async removeStack(role: StackRole): Promise<void> {
    const stack = stackName(role);
    await this.cli(["stack", "rm", stack, "--yes", "--preserve-config"], stack);
  }

  private async scratchProject(stack: string): Promise<string> {
    const { settingsFile, project } = this.options;
    const folder = await makeScratchFolder();
    await writeFile(join(folder, "Pulumi.yaml"), `name: ${project}\nruntime: nodejs\n`);
    const copy = copyForEngine(settingsFile, {}, folder);
    const named = join(folder, `Pulumi.${stack}.yaml`);
    if (basename(copy) !== basename(named)) await rename(copy, named);
    return folder;
  }

  private async open(
    call: Call,
    configFile: string,
    refusal: { error: BlueGreenError | null },
  ): Promise<auto.Stack> {
    const name = stackName(call.role);
    const { context } = call;
    const run = async () => {
      if (call.operation !== "preview") await this.noteLock(name);
      return program({
        root: this.options.cwd,
        ...context,
        on: (event) => {
          if (event.kind === "Refused") refusal.error ??= reportedError(event.error);
          context.on?.(event);
        },
      });
    };
    const stack = await this.stackOf(name);
    stack.workspace.program = run;
    stack.workspace.envVars["PULUMI_OPTION_CONFIG_FILE"] = configFile;
    return stack;
  }

  private noteLock(stack: string): Promise<void> {
    const { backendUrl: url, project, cwd } = this.options;
    return noteHeldLocks({ url, project, stack, cwd });
  }

  private stackOf(name: string): Promise<auto.Stack> {
    const known = this.workspaces.get(name);
    if (known) return known;
    const made = this.makeStack(name);
    this.workspaces.set(name, made);
    return made;
  }

  private async makeStack(name: string): Promise<auto.Stack> {
    const { cwd, env, pulumi, version } = this.options;
    const workspace = await auto.LocalWorkspace.create({
      workDir: cwd,
      envVars: { ...env },
      pulumiCommand: commandOf(pulumi, version),
    });
    skipFollowUps(workspace);
    const stack = await auto.Stack.select(name, workspace);
    stack.info = () => Promise.resolve(undefined);
    return stack;
  }
}

/** Ours, beside those that the user's own variable names. */
function attached(port: number): string {
  const others = process.env[debugProviders];
  return [...(others === undefined ? [] : [others]), `${coreProvider}:${port}`].join(",");
}

/** As `PulumiCommand.get` makes it, without asking the CLI again for a version that is known. */
function commandOf(command: string, version: string): auto.PulumiCommand {
  const known = { command, version: { toString: () => version }, run: runOf(command) };
  return Object.assign(Object.create(auto.PulumiCommand.prototype) as auto.PulumiCommand, known);
}

/** What the Automation API calls the CLI with; its own would share the terminal's signals. */
function runOf(file: string) {
  return async (
    args: readonly string[],
    cwd: string,
    env: Readonly<Record<string, string>>,
    onStdout?: (text: string) => void,
    onStderr?: (text: string) => void,
    signal?: AbortSignal,
  ) => {
    const path = [dirname(file), env["PATH"] ?? process.env["PATH"] ?? ""].join(delimiter);
    const { problem, stdout, stderr } = await runEngine({
      file,
      args: [...args, "--non-interactive"],
      cwd,
      env: { ...env, PATH: path, PULUMI_AUTOMATION_API: "true" },
      signal,
      onStdout,
      onStderr,
    });
    if (problem !== null) throw new Error([stdout, stderr, problem].join("\n"));
    return { stdout, stderr, code: 0 };
  };
}

/**
 * Selecting costs a call and changes what the user has selected; after an update the API makes
 * three more calls whose answers the program has given already (0.7 of 1.04 s, measured).
 */
function skipFollowUps(workspace: auto.LocalWorkspace): void {
  workspace.selectStack = () => Promise.resolve();
  workspace.stackOutputs = () => Promise.resolve({});
}

interface OperateOptions {
  readonly configFile: string;
  readonly onEvent: (event: auto.EngineEvent) => void;
  readonly signal: AbortSignal;
}

async function operate(stack: auto.Stack, call: Call, options: OperateOptions): Promise<void> {
  const { refresh = false } = call;
  const message = signMessage(call.message, thisOwner());
  const shared = { ...options, message, color: "never" as const };
  switch (call.operation) {
    case "up":
      await stack.up({ ...shared, refresh, showSecrets: false });
      return;
    case "preview":
      await stack.preview({ ...shared, refresh });
      return;
    case "destroy":
      await stack.destroy({ ...shared, runProgram: true, showSecrets: false });
      return;
    case "refresh":
      await stack.refresh({ ...shared, runProgram: true, showSecrets: false });
  }
}
