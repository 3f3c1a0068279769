/** A router on nginx or HAProxy: started, attached to colors, flipped, read and stopped. */

import type { Weights } from "../../model.ts";
import { colors, perColor } from "../../model.ts";
import type { DirectRoutes, Routes } from "../../platform.ts";
import { refuseOvertaken } from "../../rules/overtaken.ts";
import type { Access } from "./access.ts";
import { accessOf } from "./access.ts";
import { agree, checkState, flip, preset } from "./flip.ts";
import type { Host } from "./host.ts";
import { install } from "./installation.ts";
import { underLock } from "./lock.ts";
import type { RouterFacts } from "./reading.ts";
import { attachedNow, readRouter, servedState } from "./reading.ts";
import { stopServer } from "./server-process.ts";
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
   * @throws PORT_IN_USE, STORE_FAILED, ROUTER_DOWN, ROUTER_REFUSED
   */
  async start(): Promise<void> {
    await this.#locked(async () => {
      const { host, spec, dialect } = this.#access;
      if ((await dialect.pointer(host, spec)) === null) await preset(this.#access, emptyState);
      const attached = await attachedNow(this.#access);
      if (await isNotAdoptedYet(this.#access)) return layOut(this.#access, attached);
      await install(this.#access, attached);
      await agree(this.#access);
    });
  }

  /**
   * Sets the whole routes; the same again changes nothing. Only other addresses reload the server,
   * and never those of a color that still has traffic before that has moved.
   *
   * @throws COLOR_EMPTY, USAGE for weights between the steps, DRIFT for a lower generation than the
   * one that serves, and as `start`
   */
  async setRoutes({ attached, ...routes }: Routes): Promise<void> {
    const state = stateOf(routes);
    checkState(state, attached);
    await this.#locked(async () => {
      const { host, spec } = this.#access;
      if (await isNotAdoptedYet(this.#access)) {
        await adopt(this.#access, state, attached);
      } else {
        const { state: name } = await needStatus(host, spec);
        await this.#refuseOvertaken(state, undefined);
        await this.#move(weightsIn(name ?? "") ?? emptyState.weights, state, attached);
      }
    });
  }

  async #move(served: Weights, state: RouterState, attached: Routes["attached"]): Promise<void> {
    const former = await attachedNow(this.#access);
    const leaving = perColor((color) =>
      served[color] > 0 && attached[color].length === 0 ? former[color] : attached[color],
    );
    await install(this.#access, leaving);
    await flip(this.#access, state);
    if (colors.some((color) => leaving[color] !== attached[color])) {
      await install(this.#access, attached);
    }
  }

  /**
   * Sets weights and mark; what is attached stays as it is.
   *
   * @throws DRIFT when the router isn't at the generation that is replaced, or without one serves a
   * higher one than this; ROUTER_DOWN, COLOR_EMPTY, USAGE, STORE_FAILED, SWITCH_NOT_SERVED
   */
  async flip(routes: DirectRoutes): Promise<void> {
    const { host, spec } = this.#access;
    await needStatus(host, spec);
    const state = stateOf(routes);
    checkState(state, await attachedNow(this.#access));
    await this.#locked(async () => {
      await this.#refuseOvertaken(state, routes.replaces);
      await flip(this.#access, state);
    });
  }

  async #refuseOvertaken(state: RouterState, replaces: number | undefined): Promise<void> {
    const served = await servedState(this.#access);
    if (served !== null) refuseOvertaken(served, state, replaces);
  }

  /**
   * `absent`: nothing of it is there; `silent`: its files are, but its server doesn't follow them.
   *
   * @throws HOST_UNREACHABLE
   */
  async presence(): Promise<"absent" | "silent" | "serving"> {
    const { host, spec } = this.#access;
    if ((await host.read(filesOf(spec).config)) === null) return "absent";
    return (await askStatus(host, spec)).kind === "answered" ? "serving" : "silent";
  }

  /** Never throws for a router that is down. */
  read(): Promise<RouterFacts> {
    return readRouter(this.#access);
  }

  /**
   * A managed server ends, and its folder goes. An adopted one stays, as does the file that it
   * includes: without it, somebody else's configuration would no longer be whole.
   */
  async stop(): Promise<void> {
    const { host, spec } = this.#access;
    if (spec.mode === "adopted") return;
    await stopServer(this.#access);
    await host.remove(spec.dir);
  }

  #locked<T>(work: () => Promise<T>): Promise<T> {
    const { host, spec } = this.#access;
    return underLock(host, filesOf(spec).lock, work);
  }
}

function stateOf(routes: DirectRoutes): RouterState {
  const { weights, generation, rolloutId, mark, former } = routes;
  return { weights, generation, rolloutId, mark, former };
}
