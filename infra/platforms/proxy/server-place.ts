/** What this machine keeps of a color's server: who installs there, and what installing said. */

import { join } from "node:path";

import type { Address } from "../../model.ts";
import { stateDir } from "../../state-dir.ts";

export interface ServerPlace {
  readonly lock: string;
  readonly log: string;
}

/** No application's id begins so. Two environments with one server share it, as they must. */
const folder = "_servers";

export interface NamedServer {
  readonly address: Address;
  /** Null: commands for it run on this machine. */
  readonly ssh: { readonly port: number | null } | null;
}

export function serverPlace({ address, ssh }: NamedServer): ServerPlace {
  const way = ssh === null ? "here" : `ssh-${ssh.port ?? "default"}`;
  const name = `${address.replaceAll(/[^A-Za-z0-9.-]/g, "_")}.${way}`;
  const path = join(stateDir(folder), name);
  return { lock: `${path}.lock`, log: `${path}.log` };
}
