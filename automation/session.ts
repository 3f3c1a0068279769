/** Everything a command needs, opened once: settings, engine, backend, environment, reporters. */

import { existsSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { parse } from "yaml";
import { systemClock } from "../infra/clock.ts";
import type { Settings } from "../infra/config.ts";
import { parseSettings, parseSettingsFile } from "../infra/config.ts";
import type { ProgramEvent } from "../infra/context.ts";
import { BlueGreenError } from "../infra/errors.ts";
import type { Color } from "../infra/model.ts";
import type { Observed } from "../infra/observation.ts";
import type { Platform } from "../infra/platform.ts";
import { platformOf } from "../infra/platforms/index.ts";
import { absolutePaths } from "../infra/settings.ts";
import { Engine } from "./adapters/engine.ts";
import type { EngineStep } from "./adapters/engine-step.ts";
import { PulumiEnvironment } from "./adapters/environment.ts";
import { readSettingsFile, writeSettingsFile } from "./adapters/settings-file.ts";
import { newApplicationId } from "./engine/application.ts";
import { chooseBackend } from "./engine/backend.ts";
import type { BackendChoice } from "./engine/backend.ts";
import { engineEnvironment } from "./engine/environment.ts";
import { findEngine } from "./engine/location.ts";
import type { Engine as FoundEngine } from "./engine/location.ts";
import { takeOverDeadLocks } from "./engine/lock.ts";
import { describeProgress } from "./engine/way.ts";
import type { Event, Reporter } from "./event.ts";

export interface SessionOptions {
  /** Folder with Pulumi.yaml. */
  readonly cwd: string;
  /** Name of the environment. */
  readonly stack: string;
  readonly reporter: Reporter;
  /** How long another update's lock is waited for; default 30 s. */
  readonly lockMs?: number;
  /** Ends the process in a fault test. */
  readonly boundary?: (point: string) => void;
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
}

/** Settings alone: enough for commands that need no engine. */
export interface Opened {
  readonly settings: Settings;
  readonly settingsFile: string;
  readonly project: string;
  readonly cwd: string;
  readonly platform: Platform;
  readonly application: string;
}

/** @throws SETTINGS_UNREADABLE, SETTINGS_INVALID, ENVIRONMENT_MISMATCH */
export function openSettings(options: Pick<SessionOptions, "cwd" | "stack" | "reporter">): Opened {
  const cwd = resolve(options.cwd);
  const settingsFile = join(cwd, `Pulumi.${options.stack}.yaml`);
  const project = projectName(cwd);
  const parsed = parseSettingsFile(readSettingsFile(settingsFile), settingsFile);
  refuseOtherEnvironment(parsed, options.stack, settingsFile);
  const application = parsed.application ?? chooseApplication(settingsFile, cwd, options.reporter);
  const settings = absolutePaths({ ...parsed, application }, cwd);
  return { settings, settingsFile, project, cwd, platform: platformOf(settings), application };
}

/** @throws what `openSettings` throws, ENGINE_MISSING, BACKEND_MISSING */
export async function openSession(options: SessionOptions): Promise<Session> {
  const opened = openSettings(options);
  const { cwd, settingsFile, settings, application, project } = opened;
  const on = (event: Event): void => {
    options.reporter.on(event);
  };
  const found = await findEngine({
    env: process.env,
    progress: (progress) => {
      on({ kind: "Progressed", sentence: describeProgress(progress) });
    },
  });
  const { environment } = settings;
  const { platform } = settings;
  const backend = await chooseBackend({
    env: process.env,
    cwd,
    platform,
    application,
    environment,
  });
  const nodeBin = process.execPath;
  const engineEnv = engineEnvironment({ engine: found, backend, nodeBin });
  const boundary = options.boundary ?? (() => undefined);
  const engine = new Engine({
    pulumi: found.pulumi,
    version: found.version,
    env: engineEnv,
    cwd,
    project,
    settingsFile,
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
  return { ...opened, engine, found, backend, engineEnv, environment: pulumi, boundary, on };
}

/**
 * Settings with their secrets in clear, which the digest of a release covers; null while the
 * environment doesn't exist yet and the file has secrets.
 */
export async function revealedSettings(session: Session): Promise<Settings | null> {
  const { settings, settingsFile, engine, cwd } = session;
  if (!/^\s*secure:/m.test(readSettingsFile(settingsFile))) return settings;
  const stack = settings.environment;
  const json = await engine.cli(["config", "--json", "--show-secrets", "--stack", stack], stack);
  if (json === null) return null;
  const entries = Object.entries(JSON.parse(json) as Record<string, { value?: string }>);
  const raw = Object.fromEntries(entries.map(([key, { value }]) => [key, value ?? ""]));
  return absolutePaths(parseSettings(raw, { file: settingsFile }), cwd);
}

function refuseOtherEnvironment(settings: Settings, stack: string, file: string): void {
  if (settings.environment === stack) return;
  throw new BlueGreenError(
    "ENVIRONMENT_MISMATCH",
    `${basename(file)} says bluegreen:environment is ${settings.environment}`,
    { hint: `set it to ${stack}, or name the other environment with --stack` },
  );
}

function projectName(cwd: string): string {
  const file = join(cwd, "Pulumi.yaml");
  if (!existsSync(file)) {
    throw new BlueGreenError("SETTINGS_UNREADABLE", `${file} doesn't exist`, {
      hint: "run bluegreen in the project's folder, or name it with --cwd; `bluegreen init` makes one",
    });
  }
  const { name } = parse(readSettingsFile(file)) as { name?: unknown };
  if (typeof name === "string") return name;
  throw new BlueGreenError("SETTINGS_INVALID", `${file} has no name`, {
    hint: "add `name: bluegreen`",
  });
}

/** A stored id keeps two projects apart that were made from the same template. */
function chooseApplication(settingsFile: string, cwd: string, reporter: Reporter): string {
  const application = newApplicationId(basename(cwd));
  writeSettingsFile(settingsFile, { application });
  const sentence = `bluegreen:application is ${application}, written to ${basename(settingsFile)}`;
  reporter.on({ kind: "Noted", sentence });
  return application;
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
