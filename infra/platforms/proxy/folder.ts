/** The router's folder: one environment's alone, and what of it goes with its server. */

import { BlueGreenError } from "../../errors.ts";
import type { Access } from "./access.ts";
import type { Host } from "./host.ts";
import { filesOf } from "./spec.ts";

const commandMs = 10_000;

type Place = Pick<Access, "host" | "spec">;

/**
 * Notes whose the folder is. One from before there was such a note becomes whose comes first.
 *
 * @throws BlueGreenError SETTINGS_INVALID when it is another environment's
 */
export async function claimFolder({ host, spec }: Place): Promise<void> {
  const other = await otherOwner({ host, spec });
  if (other !== null) throw taken({ host, spec }, other);
  if (spec.owner === undefined) return;
  if (await host.create(filesOf(spec).owner, spec.owner)) return;
  const faster = await otherOwner({ host, spec });
  if (faster !== null) throw taken({ host, spec }, faster);
}

/** Null when it is this environment's, or nobody's. */
export async function otherOwner({ host, spec }: Place): Promise<string | null> {
  if (spec.owner === undefined) return null;
  const owner = await host.read(filesOf(spec).owner);
  return owner === null || owner === spec.owner ? null : owner;
}

/** What is in it of an environment that ended, and may be another's then. */
export async function leaveFolder({ host, spec }: Place): Promise<void> {
  if (spec.owner !== undefined) await host.removeIf(filesOf(spec).owner, spec.owner);
}

/** What a router has in it goes, then the folder, unless something else is in it. */
export async function clearFolder({ host, spec }: Place): Promise<void> {
  const within = `${spec.dir}/`;
  const ours = Object.values(filesOf(spec) as unknown as Record<string, string>).flatMap((path) =>
    path.startsWith(within) ? [path.slice(within.length)] : [],
  );
  // A process that was killed may have left what it was writing.
  const isOurs = (name: string): boolean =>
    ours.some((own) => name === own || (name.startsWith(`${own}.`) && /\.(tmp|bak)$/.test(name)));
  const found = (await host.list(spec.dir)).filter(isOurs).map((name) => within + name);
  if (found.length > 0) await run(host, ["rm", "-rf", ...found]);
  // Refuses by itself, and at that very moment, when anything else is in it.
  await host.run(["rmdir", spec.dir], { deadlineMs: commandMs });
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
