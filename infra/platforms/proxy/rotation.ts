/** HAProxy's rotation: a server leaves it while its release changes, and comes back healthy. */

import { setTimeout as sleep } from "node:timers/promises";

import type { Settings } from "../../config.ts";
import { BlueGreenError } from "../../errors.ts";
import type { Address, Color } from "../../model.ts";
import { colors } from "../../model.ts";
import type { Access } from "./access.ts";
import type { Attached } from "./dialect.ts";
import type { RuntimePlace } from "./haproxy/runtime.ts";
import { runtime, runtimeOf } from "./haproxy/runtime.ts";
import type { Instance, ServerMode } from "./haproxy/servers.ts";
import { nobodyOut, openOn, outText, serverModes, setServerMode } from "./haproxy/servers.ts";
import type { Host } from "./host.ts";
import { withHost } from "./hosts/index.ts";
import type { SshAccess } from "./hosts/open-ssh.ts";
import { underLock } from "./lock.ts";
import { routerPlaceOf } from "./place.ts";
import { targetText } from "./safe-text.ts";
import type { RouterSpec } from "./spec.ts";
import { filesOf } from "./spec.ts";

const pollMs = 50;

/** Where the rotation is kept; data only, as it is part of a resource's inputs. */
export interface Rotation extends RuntimePlace {
  /** Null where the router is on this machine. */
  readonly ssh: SshAccess | null;
  /** The router's lock on its host; null: of a state from before it was kept. */
  readonly lock: string | null;
  /** What a server gets to end its requests in flight. */
  readonly drainMs: number;
}

/** Null on nginx, which can't take out a single instance without a reload. */
export function rotationOf(settings: Settings): Rotation | null {
  const { spec, ssh } = routerPlaceOf(settings);
  if (spec.dialect === "nginx") return null;
  return { ...runtimeOf(spec), ssh, lock: filesOf(spec).lock, drainMs: settings.drainMs };
}

/**
 * The server gets no new requests; returns when it has none in flight, or `drainMs` is over, which
 * it also waits for where requests of former workers can't be counted. False
 * where there is nothing to take it out of: no HAProxy runs, or it doesn't know the server yet.
 *
 * @throws HOST_UNREACHABLE, ROUTER_BUSY, and ROUTER_DOWN when HAProxy refuses
 */
export function takeOut(rotation: Rotation, instance: Instance): Promise<boolean> {
  return withHost(rotation.ssh, async (host) => {
    if (!(await isKnown(host, rotation, instance))) return false;
    await locked(host, rotation, (fenced) =>
      setServerMode(fenced, rotation, { ...instance, mode: "drain" }),
    );
    const deadline = Date.now() + rotation.drainMs;
    while (Date.now() < deadline && (await openOn(host, rotation, instance)) !== 0) {
      await sleep(pollMs);
    }
    return true;
  });
}

/** @throws HOST_UNREACHABLE, ROUTER_BUSY, ROUTER_DOWN */
export function putBack(rotation: Rotation, instance: Instance): Promise<void> {
  return withHost(rotation.ssh, (host) =>
    locked(host, rotation, async (fenced) => {
      // A HAProxy that was reloaded meanwhile may have forgotten the server.
      if (await isKnown(fenced, rotation, instance)) {
        await setServerMode(fenced, rotation, { ...instance, mode: "ready" });
      }
    }),
  );
}

/** A reload keeps who is out, so nobody is taken out or put back in the middle of one. */
function locked<T>(
  host: Host,
  { lock }: Rotation,
  change: (fenced: Host) => Promise<T>,
): Promise<T> {
  return lock === null ? change(host) : underLock(host, lock, change);
}

async function isKnown(
  host: Host,
  place: RuntimePlace,
  { color, address }: Instance,
): Promise<boolean> {
  const rows = await modesOrNone(host, place, color);
  return rows.some((row) => row.address === targetText(address));
}

/**
 * A reload puts every server in rotation but those that its file of states has out: so that has who
 * is out now. Whom the new worker doesn't know by it is taken out right after. A reload that fails
 * on the way may have done so or not; what is out then is told by `status`.
 *
 * @param next the addresses that the server has after it
 * @throws what the work throws; HOST_UNREACHABLE, ROUTER_DOWN, STORE_FAILED
 */
export async function keepingRotation(
  { host, spec }: Pick<Access, "host" | "spec">,
  next: Attached,
  work: () => Promise<void>,
): Promise<void> {
  if (spec.dialect === "nginx") return work();
  const before = await Promise.all(colors.map((color) => outOfRotation(host, spec, color)));
  const isOneOut = before.some(({ size }) => size > 0);
  // What a killed command left there would be loaded as well.
  if (isOneOut) await host.write(filesOf(spec).servers, await outNow(host, spec, next));
  else await forgetRotation({ host, spec });
  await work();
  for (const [index, color] of colors.entries()) {
    for (const [address, mode] of before[index] ?? []) {
      const instance = { color, address };
      if (!(await isKnown(host, runtimeOf(spec), instance))) continue;
      await setServerMode(host, runtimeOf(spec), { ...instance, mode });
    }
  }
  if (isOneOut) await forgetRotation({ host, spec });
}

/**
 * What one reload kept is no other's matter: somebody else's may come when all are back. Also after
 * a command that was killed amid its reload.
 *
 * @throws HOST_UNREACHABLE, STORE_FAILED
 */
export async function forgetRotation({ host, spec }: Pick<Access, "host" | "spec">): Promise<void> {
  if (spec.dialect === "nginx") return;
  const file = filesOf(spec).servers;
  const text = await host.read(file);
  if (text !== null && text !== nobodyOut) await host.write(file, nobodyOut);
}

async function outNow(host: Host, spec: RouterSpec, next: Attached): Promise<string> {
  const place = runtimeOf(spec);
  return outText(await runtime(host, place, "show servers state"), place, next);
}

/** Addresses of a color that get no new requests by somebody's command, with that command's word. */
export async function outOfRotation(
  host: Host,
  spec: RouterSpec,
  color: Color,
): Promise<ReadonlyMap<Address, ServerMode>> {
  if (spec.dialect === "nginx") return new Map();
  const rows = await modesOrNone(host, runtimeOf(spec), color);
  return new Map(
    rows.flatMap(({ address, mode }) => (mode === "ready" ? [] : [[address, mode] as const])),
  );
}

/** None where nobody answers: a HAProxy that starts has everything in rotation. */
async function modesOrNone(host: Host, place: RuntimePlace, color: Color) {
  try {
    return await serverModes(host, place, color);
  } catch (error) {
    if (error instanceof BlueGreenError && error.code === "ROUTER_DOWN") return [];
    throw error;
  }
}
