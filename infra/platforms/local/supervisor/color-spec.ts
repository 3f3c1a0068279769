/** What one color shall run: the supervisor's orders as data, and what follows from them. */

import { createHash } from "node:crypto";

import type { Color } from "../../../model.ts";
import { userPath } from "../../../user-path.ts";
import { canonicalJson } from "./canonical-json.ts";

export const specSchema = 1;

/** How an instance shows that it can serve. */
export interface HealthSpec {
  /** Path and query of the GET request, starting with a slash. */
  readonly path: string;
  /** The only statuses that count as healthy; redirects aren't followed. */
  readonly statuses: readonly number[];
  readonly timeoutMs: number;
  /** Pause between two checks of a running instance; a starting one is asked more often. */
  readonly intervalMs: number;
}

/** Bounds of one instance's log: `keep` former files of at most `maxBytes` beside the current. */
export interface LogBounds {
  readonly maxBytes: number;
  readonly keep: number;
}

export const defaultLogBounds: LogBounds = { maxBytes: 10 * 1024 * 1024, keep: 3 };

/** Ports that stay the same from release to release: the first instance's, then one by one. */
export interface FixedPorts {
  readonly first: number;
  /** The setting that has the first port, for messages. */
  readonly setting: string;
}

export interface ColorSpec {
  readonly schema: typeof specSchema;
  readonly color: Color;
  readonly version: string;
  readonly digest: string;
  /** Working folder of every instance: the release's copied files. */
  readonly releaseDir: string;
  /** Program and arguments; `{version}`, `{port}`, `{color}`, `{instance}`, `{node}` are filled in. */
  readonly command: readonly string[];
  /** Added to the environment; the same placeholders are filled in. May hold secrets. */
  readonly env: Readonly<Record<string, string>>;
  readonly instances: number;
  readonly host: "127.0.0.1";
  readonly health: HealthSpec;
  /** How long an instance may take from its start until it is healthy. */
  readonly startMs: number;
  /** How long an instance may take from SIGTERM until it ends by itself. */
  readonly drainMs: number;
  readonly rolloutId: string;
  /** Absent: any free port for each instance. */
  readonly ports?: FixedPorts | undefined;
  /** Defaults to {@link defaultLogBounds}. */
  readonly logs?: LogBounds | undefined;
}

/** What distinguishes one instance of a color from another. */
export interface Place {
  readonly index: number;
  readonly port: number;
}

/** Equal for two specs exactly when running instances need not be replaced. */
export function releaseKey(spec: ColorSpec): string {
  const { color, version, digest, command, env, host } = spec;
  const fixed = spec.ports ? { firstPort: spec.ports.first } : {};
  const text = canonicalJson({ color, version, digest, command, env, host, ...fixed });
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}

/** The command with its placeholders filled in; `${port}` and any other brace stay as they are. */
export function commandOf(spec: ColorSpec, place: Place): string[] {
  return spec.command.map((part) => filled(part, spec, place));
}

/**
 * An instance's whole environment: a few variables of `base` that any program needs, the spec's,
 * and PORT, HOST, VERSION, COLOR and INSTANCE, which always win.
 */
export function environmentOf(
  spec: ColorSpec,
  place: Place,
  base: NodeJS.ProcessEnv,
): Record<string, string> {
  const own = Object.entries(spec.env).map(([name, text]) => [name, filled(text, spec, place)]);
  return {
    ...plainEnvironment(base),
    ...(Object.fromEntries(own) as Record<string, string>),
    PORT: String(place.port),
    HOST: spec.host,
    VERSION: spec.version,
    COLOR: spec.color,
    INSTANCE: String(place.index),
  };
}

const plainNames = new Set("HOME LANG TZ TMPDIR USER LOGNAME SHELL".split(" "));

/**
 * The variables that are passed on to every process, PATH as the user has it; credentials of the
 * caller aren't.
 */
export function plainEnvironment(base: NodeJS.ProcessEnv): Record<string, string> {
  const passed: Record<string, string> = {};
  for (const [name, value] of Object.entries(base)) {
    if (value === undefined) continue;
    if (plainNames.has(name) || name.startsWith("LC_")) passed[name] = value;
  }
  const path = userPath(base);
  if (path !== undefined) passed["PATH"] = path;
  return passed;
}

function filled(text: string, spec: ColorSpec, place: Place): string {
  return text.replace(/(?<!\$)\{(version|port|color|instance|node)\}/g, (_whole, name: string) => {
    if (name === "version") return spec.version;
    if (name === "color") return spec.color;
    if (name === "node") return process.execPath;
    return String(name === "port" ? place.port : place.index);
  });
}
