/** What a release behind nginx or HAProxy is: processes on fixed ports, or how servers get it. */

import type { Settings } from "../../config.ts";
import type { Address, PerColor } from "../../model.ts";
import type { Frozen } from "../../platform.ts";
import type { LocalSpec } from "../local/freeze.ts";
import { freezeProcesses } from "../local/freeze.ts";
import { specDigest, releaseDigest } from "../local/release-files.ts";
import type { ColorSpec } from "../local/supervisor/color-spec.ts";
import type { SshAccess } from "./hosts/open-ssh.ts";
import type { ServerColors } from "./settings.ts";

export interface ProcessesSpec extends LocalSpec {
  readonly kind: "process";
  /** Port of each color's first instance. */
  readonly ports: PerColor<number>;
}

export interface ServersSpec {
  readonly kind: "servers";
  readonly servers: PerColor<readonly Address[]>;
  readonly install: readonly string[];
  /** Empty: a release stays on its servers. */
  readonly remove: readonly string[];
  readonly health: ColorSpec["health"];
  readonly startMs: number;
  /** How the servers are reached; it isn't part of the release. Null: on this machine. */
  readonly ssh: Omit<SshAccess, "host"> | null;
  /** Working folder on this machine; it isn't part of the release. */
  readonly cwd: string;
}

/** The places are part of a release, so that a color that serves never moves under its traffic. */
export type ProxyColorSpec = ProcessesSpec | ServersSpec;

export async function freezeProxy(
  settings: Settings,
  { version, store }: { readonly version: string; readonly store: boolean },
): Promise<Frozen> {
  const { colors } = settings.proxy;
  if (colors.kind === "servers") return freezeServers(settings, colors, version);
  const { kind, ports } = colors;
  const spec: ProcessesSpec = {
    kind,
    ports,
    ...(await freezeProcesses(settings, colors, { store })),
  };
  const digest = await releaseDigest({ version, ...spec }, settings.application);
  return { release: { version, digest }, spec };
}

function freezeServers(settings: Settings, colors: ServerColors, version: string): Frozen {
  const { kind, blue, green, install, remove, startMs, ssh, cwd } = colors;
  const { path, statuses, timeoutMs, intervalMs } = settings.health;
  const release = {
    kind,
    servers: { blue, green },
    install,
    remove: remove ?? [],
    health: { path, statuses, timeoutMs, intervalMs },
    startMs,
  };
  const spec: ServersSpec = { ...release, ssh, cwd };
  return { release: { version, digest: specDigest({ version, ...release }) }, spec };
}
