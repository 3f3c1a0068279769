/** A router on nginx or HAProxy: started, attached to colors, flipped, read and stopped. */

import { BlueGreenError } from "../../errors.ts";
import type { Weights } from "../../model.ts";
import { colors, formatWeights, perColor, sameWeights } from "../../model.ts";
import type { DirectRoutes, Routes } from "../../platform.ts";
import { refuseOvertaken } from "../../rules/overtaken.ts";
import type { Access } from "./access.ts";
import { accessOf } from "./access.ts";
import type { Attached } from "./dialect.ts";
import { agree, checkState, flip, preset } from "./flip.ts";
import { claimFolder, clearFolder, leaveFolder, otherOwner } from "./folder.ts";
import type { Host } from "./host.ts";
import { install, lacksAddresses, needsReload } from "./installation.ts";
import { underLock } from "./lock.ts";
import type { RouterFacts } from "./reading.ts";
import { attachedNow, readRouter, servedRoutes } from "./reading.ts";
import { takeBackUntested } from "./replacement.ts";
import { stopServer } from "./server-process.ts";
import { keepSpareRoom, withSpareRoom } from "./spare-room.ts";
import type { RouterSpec } from "./spec.ts";
import { filesOf } from "./spec.ts";
import type { RouterState } from "./state.ts";
import { emptyState, weightsIn } from "./state.ts";
import { askStatus, needStatus } from "./status.ts";
import { adopt, isNotAdoptedYet, layOut } from "./taking-over.ts";

export class ProxyRouter {
  readonly #access: Access;

  /** @throws BlueGreenError SETTINGS_INVALID */
  constructor(spec: RouterSpec, host: Host) {
    this.#access = accessOf(spec, host);
  }

  /**
   * Makes the server run as the spec says, with the routes that it had; inactive at first. An
   * adopted server that doesn't include our file yet is no error here: first the file gets routes.
   *
   * @throws PORT_IN_USE, STORE_FAILED, ROUTER_DOWN, ROUTER_REFUSED, SETTINGS_INVALID for another
   * environment's folder, and ROUTER_BUSY for another configuration while both colors have traffic
   */
  async start(): Promise<void> {
    await this.#locked(async (access) => {
      const { host, spec, dialect } = access;
      await takeBackUntested(access);
      await keepSpareRoom(access);
      if ((await dialect.pointer(host, spec)) === null) await preset(access, emptyState);
      const attached = await attachedNow(access);
      if (await isNotAdoptedYet(access)) return layOut(access, attached);
      await refuseReloadAmidSwitch(access, attached);
      await install(access, attached);
      await agree(access);
    });
  }

  /**
   * Sets the whole routes; the same again changes nothing. Only other addresses reload the server:
   * never while both colors have traffic, so those that come then have to wait until one has it
   * all, and never those of a color that still has traffic before that has moved.
   *
   * @throws COLOR_EMPTY, USAGE for weights between the steps, DRIFT for a lower generation than the
   * one that serves, RECORD_NEWER for one that a newer bluegreen set, and as `start`
   */
  async setRoutes({ attached, ...routes }: Routes): Promise<void> {
    const state = stateOf(routes);
    checkState(state, attached);
    await this.#locked(async (access) => {
      await takeBackUntested(access);
      await setAll(access, state, attached);
      await keepSpareRoom(access);
    });
  }

  /**
   * Sets weights and mark; what is attached stays as it is. A full disk doesn't stop it.
   *
   * @throws DRIFT when the router isn't at the generation that is replaced, or without one serves a
   * higher one than this; ROUTER_DOWN, COLOR_EMPTY, USAGE, STORE_FAILED, SWITCH_NOT_SERVED,
   * RECORD_NEWER
   */
  async flip(routes: DirectRoutes): Promise<void> {
    const { host, spec } = this.#access;
    await needStatus(host, spec);
    const state = stateOf(routes);
    checkState(state, await attachedNow(this.#access));
    await withSpareRoom(this.#access, () =>
      this.#locked(async (access) => {
        await refuseLate(access, state, routes.replaces);
        await flip(access, state);
        await keepSpareRoom(access);
      }),
    );
  }

  /**
   * `absent`: nothing of it is there, though another environment may be; `silent`: its files are,
   * but its server doesn't follow them.
   *
   * @throws HOST_UNREACHABLE
   */
  async presence(): Promise<"absent" | "silent" | "serving"> {
    const { host, spec } = this.#access;
    if ((await host.read(filesOf(spec).config)) === null) return "absent";
    if ((await otherOwner(this.#access)) !== null) return "absent";
    return (await askStatus(host, spec)).kind === "answered" ? "serving" : "silent";
  }

  /** Never throws for a router that is down. */
  read(): Promise<RouterFacts> {
    return readRouter(this.#access);
  }

  /**
   * A managed server ends, and what it had in its folder goes. An adopted one stays, as does the
   * file that it includes: without it, somebody else's configuration would no longer be whole.
   * What another environment has there is left alone.
   *
   * @throws ROUTER_DOWN when the server can't be ended; its files then stay
   */
  async stop(): Promise<void> {
    if ((await otherOwner(this.#access)) !== null) return;
    if (this.#access.spec.mode === "adopted") return leaveFolder(this.#access);
    await stopServer(this.#access);
    await clearFolder(this.#access);
  }

  #locked<T>(work: (access: Access) => Promise<T>): Promise<T> {
    const { host, spec, dialect } = this.#access;
    return underLock(host, filesOf(spec).lock, async (fenced) => {
      const access = { host: fenced, spec, dialect };
      await claimFolder(access);
      return work(access);
    });
  }
}

async function refuseReloadAmidSwitch(access: Access, attached: Attached): Promise<void> {
  const asked = await askStatus(access.host, access.spec);
  const weights = weightsIn((asked.kind === "answered" && asked.status.state) || "");
  if (weights === null || !isSplit(weights)) return;
  if (!(await needsReload(access, attached))) return;
  const message = `the router is amid a switch (${formatWeights(weights)}), so it isn't reloaded`;
  throw new BlueGreenError("ROUTER_BUSY", message, {
    hint: "End the rollout, or roll it back; then `bluegreen up` brings the changed settings in.",
  });
}

async function setAll(access: Access, state: RouterState, attached: Attached): Promise<void> {
  if (await isNotAdoptedYet(access)) return adopt(access, state, attached);
  const { state: name } = await needStatus(access.host, access.spec);
  await refuseLate(access, state, undefined);
  await move(access, weightsIn(name ?? "") ?? emptyState.weights, { state, attached });
}

/** @throws DRIFT, RECORD_NEWER */
async function refuseLate(
  access: Access,
  state: RouterState,
  replaces: number | undefined,
): Promise<void> {
  const served = await servedRoutes(access);
  if (served !== null) refuseOvertaken(served, state, replaces);
}

async function move(
  access: Access,
  served: Weights,
  { state, attached }: { readonly state: RouterState; readonly attached: Attached },
): Promise<void> {
  const quiet = !isSplit(served) && sameWeights(served, state.weights);
  const judge = quiet ? undefined : lacksAddresses;
  const first = isSplit(served)
    ? await withoutReload(access, attached)
    : withLeaving(await attachedNow(access), served, attached);
  if (first !== null) await install(access, first, judge);
  await flip(access, state);
  if (isSplit(state.weights) || (first !== null && sameAttached(first, attached))) return;
  await install(access, attached, judge);
}

/** Null where it needs a reload, for which this isn't the time. */
async function withoutReload(access: Access, attached: Attached): Promise<Attached | null> {
  return (await needsReload(access, attached, lacksAddresses)) ? null : attached;
}

function stateOf(routes: DirectRoutes): RouterState {
  const { weights, generation, rolloutId, mark, former } = routes;
  return { weights, generation, rolloutId, mark, former };
}

/** A color that is to lose its traffic keeps its addresses until it has. */
function withLeaving(former: Attached, served: Weights, attached: Attached): Attached {
  return perColor((color) =>
    served[color] > 0 && attached[color].length === 0 ? former[color] : attached[color],
  );
}

function sameAttached(a: Attached, b: Attached): boolean {
  return colors.every((color) => a[color].join() === b[color].join());
}

/** Amid a switch: clients go to both colors, by the weights. */
function isSplit({ blue, green }: Weights): boolean {
  return blue > 0 && green > 0;
}
