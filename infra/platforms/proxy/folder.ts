/** The router's folder: one environment's alone, and what of it goes with its server. */

import { BlueGreenError } from "../../errors.ts";
import type { Access } from "./access.ts";
import type { Host } from "./host.ts";
import { isOurConfig } from "./head.ts";
import { filesOf } from "./spec.ts";

const commandMs = 10_000;
/** Of any dialect and mode: the settings may have changed since. */
const configNames = ["nginx.conf", "haproxy.cfg", "bluegreen.conf", "bluegreen.cfg"];

type Place = Pick<Access, "host" | "spec">;

/**
 * Notes whose the folder is. One from before there was such a note becomes whose comes first.
 *
 * @throws BlueGreenError SETTINGS_INVALID when it is another environment's, or what would go with
 * the server is in it and somebody else's
 */
export async function claimFolder({ host, spec }: Place): Promise<void> {
  const owner = await host.read(filesOf(spec).owner);
  if (owner !== null && owner !== spec.owner) throw taken({ host, spec }, owner);
  if (spec.owner === undefined || owner !== null) return;
  await refuseForeign({ host, spec });
  if (await host.create(filesOf(spec).owner, spec.owner)) return;
  const faster = await otherOwner({ host, spec });
  if (faster !== null) throw taken({ host, spec }, faster);
}

/** Null when it is this environment's, or nobody's. Who has no name has no noted folder. */
export async function otherOwner({ host, spec }: Place): Promise<string | null> {
  const owner = await host.read(filesOf(spec).owner);
  return owner === null || owner === spec.owner ? null : owner;
}

/** What is in it of an environment that ended, and may be another's then. */
export async function leaveFolder({ host, spec }: Place): Promise<void> {
  if (spec.owner !== undefined) await host.removeIf(filesOf(spec).owner, spec.owner);
}

/** What a router has in it goes, then the folder, unless something else is in it. */
export async function clearFolder({ host, spec }: Place): Promise<void> {
  const { owner } = filesOf(spec);
  const found = await namesOfOurs({ host, spec });
  // The note last: without it, what a killed process left would seem to be somebody else's.
  const rest = found.map((name) => `${spec.dir}/${name}`).filter((path) => path !== owner);
  if (found.length > 0) await run(host, ["rm", "-rf", ...rest, owner]);
  // Refuses by itself, and at that very moment, when anything else is in it.
  await host.run(["rmdir", spec.dir], { deadlineMs: commandMs });
}

/** What a former version noted nothing about has its configuration; an adopted folder stays. */
async function refuseForeign({ host, spec }: Place): Promise<void> {
  if (spec.mode === "adopted") return;
  const { lock } = filesOf(spec);
  const found = await namesOfOurs({ host, spec });
  const foreign = found.filter((name) => !`${spec.dir}/${name}`.startsWith(lock));
  if (foreign.length === 0) return;
  for (const name of configNames) {
    if (isOurConfig(await host.read(`${spec.dir}/${name}`))) return;
  }
  const message = `${spec.dir} on ${host.name} holds ${foreign.join(", ")}, which isn't bluegreen's`;
  throw new BlueGreenError("SETTINGS_INVALID", message, {
    hint: "The router's files would have the same names: give it a `proxy.dir` of its own.",
  });
}

/** Names in the folder that a router's files have. */
async function namesOfOurs({ host, spec }: Place): Promise<readonly string[]> {
  const within = `${spec.dir}/`;
  const ours = Object.values(filesOf(spec) as unknown as Record<string, string>).flatMap((path) =>
    path.startsWith(within) ? [path.slice(within.length)] : [],
  );
  // A process that was killed may have left what it was writing.
  const isOurs = (name: string): boolean =>
    ours.some((own) => name === own || (name.startsWith(`${own}.`) && /\.(tmp|bak)$/.test(name)));
  return (await host.list(spec.dir)).filter(isOurs);
}

/** @throws STORE_FAILED */
async function run(host: Host, argv: readonly string[]): Promise<void> {
  const { code, stderr } = await host.run(argv, { deadlineMs: commandMs });
  if (code === 0) return;
  const message = `the router's files on ${host.name} couldn't be removed: ${stderr.trim()}`;
  throw new BlueGreenError("STORE_FAILED", message, {
    hint: "Fix the folder's permissions, then run the command again.",
  });
}

function taken({ host, spec }: Place, owner: string): BlueGreenError {
  const shown = JSON.stringify(owner.slice(0, 200));
  const message = `${spec.dir} on ${host.name} belongs to ${shown}, so ${JSON.stringify(spec.owner)} can't use it`;
  return new BlueGreenError("SETTINGS_INVALID", message, {
    hint: `Give each environment a \`proxy.dir\` of its own. If that one is gone, delete ${filesOf(spec).owner}.`,
  });
}
