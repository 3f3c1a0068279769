/** What a release on this machine is: its command, environment, health and copied files. */

import { join } from "node:path";
import type { Settings } from "../../config.ts";
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
  const { local, health } = settings;
  const { command, env, startMs, include, exclude, maxFiles, maxBytes } = local;
  const files = { cwd: local.cwd, include, exclude, maxFiles, maxBytes };
  const filesDigest = store
    ? (await copyRelease(files, placeOf(settings).releases)).filesDigest
    : await hashRelease(files);
  const { path, statuses, timeoutMs, intervalMs } = health;
  const spec: LocalSpec = {
    filesDigest,
    command,
    env,
    health: { path, statuses, timeoutMs, intervalMs },
    startMs,
  };
  return { release: { version, digest: releaseDigest({ version, ...spec }) }, spec };
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
