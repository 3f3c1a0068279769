/** Everything a command needs, opened once: settings, engine, backend, environment, reporters. */

import type { Settings } from "../infra/config.ts";
import type { ProgramEvent } from "../infra/context.ts";
import { colors } from "../infra/model.ts";
import type { Color, RouterRecord } from "../infra/model.ts";
import type { Platform } from "../infra/platform.ts";
import { platformOf } from "../infra/platforms/index.ts";
import { stackName } from "../infra/stack-role.ts";
import { Engine } from "./adapters/engine.ts";
import type { EngineStep } from "./adapters/engine-step.ts";
import { PulumiEnvironment } from "./adapters/environment.ts";
import type { Deadline } from "./deadline.ts";
import type { BackendChoice } from "./engine/backend.ts";
import type { Engine as FoundEngine } from "./engine/location.ts";
import { takeOverDeadLocks } from "./engine/lock.ts";
import { restoreState } from "./engine/state-file.ts";
import { openEngine } from "./engine/access.ts";
import type { Event, Reporter } from "./event.ts";
import { keepSettings } from "./kept-settings.ts";
import { openProject } from "./project.ts";
import type { OpenOptions, Project } from "./project.ts";

export interface SessionOptions {
  /** Folder with Pulumi.yaml. */
  readonly cwd: string;
  /** Name of the environment. */
  readonly stack: string;
  readonly reporter: Reporter;
  /** How long another update's lock is waited for; default 30 s. */
  readonly lockMs?: number;
  /** Why switches are allowed in a freeze; default: they aren't. */
  readonly overrideFreeze?: string | null;
  /** False: an engine that isn't on this machine yet isn't fetched; default true. */
  readonly allowFetch?: boolean;
  /** For all that comes before traffic is moved; default: none. */
  readonly deadline?: Deadline;
  /** Ends the process in a fault test. */
  readonly boundary?: (point: string) => void;
  /**
   * For a preview: a folder for all that would be written elsewhere otherwise, such as an absent
   * application id, the engine's settings, and a state that doesn't exist yet.
   */
  readonly scratch?: string;
}

export interface Session {
  readonly settings: Settings;
  readonly settingsFile: string;
  readonly platform: Platform;
  readonly project: string;
  readonly cwd: string;
  readonly application: string;
  readonly engine: Engine;
  readonly found: FoundEngine;
  readonly backend: BackendChoice;
  /** What a process that runs Pulumi for this environment gets beside its own environment. */
  readonly engineEnv: Readonly<Record<string, string>>;
  readonly environment: PulumiEnvironment;
  readonly boundary: (point: string) => void;
  readonly on: (event: Event) => void;
  /** Puts Pulumi's own copy in the place of a stack's state that was cut short. */
  readonly restoreStates: () => Promise<void>;
}

/** Settings alone: enough for commands that need no engine. */
export interface Opened extends Project {
  readonly platform: Platform;
}

/** @throws SETTINGS_UNREADABLE, SETTINGS_INVALID, STORE_FAILED */
export function openSettings(options: OpenOptions): Opened {
  const project = openProject(options);
  return { ...project, platform: platformOf(project.settings) };
}

/** @throws what `openSettings` throws, ENGINE_MISSING, BACKEND_MISSING */
export async function openSession(options: SessionOptions): Promise<Session> {
  const opened = openSettings(options);
  const { cwd, settings, project } = opened;
  const { environment } = settings;
  const on = (event: Event): void => {
    options.reporter.on(event);
  };
  const { scratch, allowFetch = true } = options;
  const access = await openEngine(opened, { on, scratch, allowFetch });
  const { found, backend, engineEnv } = access;
  const boundary = options.boundary ?? (() => undefined);
  const relay = relayTo(on);
  const engine = new Engine({
    ...access.cli,
    version: found.version,
    project,
    signal: options.deadline?.signal,
    onUpdated: async (text) => {
      const problem = await keepSettings(opened.settingsFile, text);
      if (problem !== null) on({ kind: "Noted", sentence: problem });
    },
    onNote: (sentence) => {
      on({ kind: "Noted", sentence });
    },
    onStep: (step) => {
      on({ kind: "Progressed", sentence: describeStep(step) });
    },
  });
  const pulumi = new PulumiEnvironment({
    engine,
    settings,
    platform: opened.platform,
    lockMs: options.lockMs ?? 30_000,
    deadline: options.deadline,
    overrideFreeze: options.overrideFreeze,
    takeOverLock: (stack) => takeOver({ backend, project, stack, cwd }, on),
    onEvent: (stack, event) => {
      boundary(`during ${stack === environment ? "router" : "color"} ${event.kind}`);
      relay(event);
    },
  });
  const restoreStates = async (): Promise<void> => {
    for (const color of [null, ...colors]) {
      const stack = stackName({ environment, color });
      if (!(await restoreState({ url: backend.url, project, stack, cwd }))) continue;
      on({ kind: "Noted", sentence: `put Pulumi's copy in the place of ${stack}'s broken state` });
    }
  };
  return {
    ...{ ...opened, engine, found, backend, engineEnv, boundary, on },
    environment: pulumi,
    restoreStates,
  };
}

async function takeOver(
  stack: { backend: BackendChoice; project: string; stack: string; cwd: string },
  on: (event: Event) => void,
): Promise<boolean> {
  const { backend, project, cwd } = stack;
  const address = { url: backend.url, project, stack: stack.stack, cwd };
  const taken = await takeOverDeadLocks(address);
  if (taken === "unknown" || taken.length === 0) return false;
  on({ kind: "Noted", sentence: `took over the lock of a dead process on ${stack.stack}` });
  return true;
}

/** Tells what a program does in the words of the event log. */
function relayTo(on: (event: Event) => void): (event: ProgramEvent) => void {
  let before: RouterRecord | null = null;
  return (event) => {
    if (event.kind === "Observed") before = event.record;
    if (event.kind === "Noted") on(event);
    if (event.kind !== "Served") return;
    const from = before && leftBy(before, event.color);
    on({ kind: "Switched", from, to: event.color, servedMs: event.ms });
  };
}

/** A flip that was cut short is in the record already when it is proven. */
function leftBy({ activeColor, previousRelease }: RouterRecord, to: Color): Color | null {
  return activeColor === to ? (previousRelease?.color ?? null) : activeColor;
}

function describeStep({ stack, change }: EngineStep): string {
  const fields = change.fields.length > 0 ? ` (${change.fields.join(", ")})` : "";
  return `${stack}: ${change.operation} ${change.name}${fields}`;
}
