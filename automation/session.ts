/** Everything a command needs, opened once: settings, engine, backend, environment, reporters. */

import { absolutePaths } from "../infra/config/absolute-paths.ts";
import { systemClock } from "../infra/clock.ts";
import type { Settings } from "../infra/config.ts";
import { parseSettings } from "../infra/config.ts";
import type { ProgramEvent } from "../infra/context.ts";
import { colors } from "../infra/model.ts";
import type { Color } from "../infra/model.ts";
import type { Observed } from "../infra/observation.ts";
import type { Platform } from "../infra/platform.ts";
import { platformOf } from "../infra/platforms/index.ts";
import { stackName } from "../infra/stack-role.ts";
import { Engine } from "./adapters/engine.ts";
import type { EngineStep } from "./adapters/engine-step.ts";
import { PulumiEnvironment } from "./adapters/environment.ts";
import { readSettingsFile } from "./adapters/settings-file.ts";
import type { BackendChoice } from "./engine/backend.ts";
import type { Engine as FoundEngine } from "./engine/location.ts";
import { takeOverDeadLocks } from "./engine/lock.ts";
import { restoreState } from "./engine/state-file.ts";
import { openEngine } from "./engine/access.ts";
import type { Event, Reporter } from "./event.ts";
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
  /** False: an engine that isn't on this machine yet isn't fetched; default true. */
  readonly allowFetch?: boolean;
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
  const engine = new Engine({
    ...access.cli,
    version: found.version,
    project,
    onStep: (step) => {
      on({ kind: "Progressed", sentence: describeStep(step) });
    },
  });
  const pulumi = new PulumiEnvironment({
    engine,
    settings,
    platform: opened.platform,
    lockMs: options.lockMs ?? 30_000,
    takeOverLock: (stack) => takeOver({ backend, project, stack, cwd }, on),
    onEvent: (stack, event) => {
      boundary(`during ${stack === environment ? "router" : "color"} ${event.kind}`);
      relay(event, on);
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

/**
 * Settings with their secrets in clear, which the digest of a release covers; null while the
 * environment doesn't exist yet and the file has secrets.
 */
export async function revealedSettings(session: Session): Promise<Settings | null> {
  const { settings, settingsFile, engine, cwd } = session;
  if (!/\bsecure:/.test(readSettingsFile(settingsFile))) return settings;
  const stack = settings.environment;
  const json = await engine.cli(["config", "--json", "--show-secrets", "--stack", stack], stack);
  if (json === null) return null;
  const entries = Object.entries(JSON.parse(json) as Record<string, ConfigValue>);
  const raw = Object.fromEntries(entries.map(([key, { value }]) => [key, value ?? ""]));
  const secretKeys = entries.filter(([, { secret }]) => secret === true).map(([key]) => key);
  return absolutePaths(parseSettings(raw, { file: settingsFile, secretKeys }), cwd);
}

interface ConfigValue {
  readonly value?: string;
  /** True where the value or a part of it is encrypted. */
  readonly secret?: boolean;
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

function relay(event: ProgramEvent, on: (event: Event) => void): void {
  if (event.kind === "Noted") on(event);
  if (event.kind === "Served") {
    on({ kind: "Switched", from: null, to: event.color, servedMs: event.ms });
  }
}

function describeStep({ stack, change }: EngineStep): string {
  const fields = change.fields.length > 0 ? ` (${change.fields.join(", ")})` : "";
  return `${stack}: ${change.operation} ${change.name}${fields}`;
}

/** The release that would be deployed now; null where it can't be known before. */
export async function digestOf(session: Session, version: string): Promise<string | null> {
  const settings = await revealedSettings(session);
  if (!settings) return null;
  return (await session.platform.freeze(settings, { version, store: false })).release.digest;
}

export function otherThan(view: Observed, color: Color): Color | null {
  return view.record.activeColor === color ? null : view.record.activeColor;
}

export const clock = systemClock;
