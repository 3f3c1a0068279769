/** What a release on this machine is: its command, environment, health and copied files. */

import { join } from "node:path";
import type { LocalSettings, Settings } from "../../config.ts";
import type { ColorArgs, Frozen } from "../../platform.ts";
import { placeOf } from "./place.ts";
import { copyRelease, hashRelease, releaseDigest } from "./release-files.ts";
import type { ColorSpec } from "./supervisor/color-spec.ts";
import { specSchema } from "./supervisor/color-spec.ts";

/** What the digest covers, kept so that a color restarts as what it was. */
export interface LocalSpec {
  readonly filesDigest: string;
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly health: ColorSpec["health"];
  readonly startMs: number;
}

export async function freezeLocal(
  settings: Settings,
  { version, store }: { version: string; store: boolean },
): Promise<Frozen> {
  const spec = await freezeProcesses(settings, settings.local, { store });
  const digest = await releaseDigest({ version, ...spec }, settings.application);
  return { release: { version, digest }, spec };
}

/** What processes are started from; the slice of any platform that starts some. */
export type ProcessSource = Pick<
  LocalSettings,
  "command" | "env" | "startMs" | "cwd" | "include" | "exclude" | "maxFiles" | "maxBytes"
>;

export async function freezeProcesses(
  settings: Settings,
  source: ProcessSource,
  { store }: { readonly store: boolean },
): Promise<LocalSpec> {
  const { command, env, startMs, cwd, include, exclude, maxFiles, maxBytes } = source;
  const files = { cwd, include, exclude, maxFiles, maxBytes };
  const filesDigest = store
    ? (await copyRelease(files, placeOf(settings).releases)).filesDigest
    : await hashRelease(files);
  const { path, statuses, timeoutMs, intervalMs } = settings.health;
  const health = { path, statuses, timeoutMs, intervalMs };
  return { filesDigest, command, env, health, startMs };
}

/** The supervisor's orders for one color. */
export function colorSpecOf(args: ColorArgs, spec: LocalSpec, releases: string): ColorSpec {
  const { frozen, color, size, rolloutId, settings } = args;
  return {
    schema: specSchema,
    color,
    version: frozen.release.version,
    digest: frozen.release.digest,
    releaseDir: join(releases, spec.filesDigest.replace(/^sha256:/, "")),
    command: spec.command,
    env: spec.env,
    instances: size,
    host: "127.0.0.1",
    health: spec.health,
    startMs: spec.startMs,
    drainMs: settings.drainMs,
    rolloutId,
  };
}
