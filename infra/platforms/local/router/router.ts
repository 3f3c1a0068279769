/** A whole router: routes that survive, the data plane they rule, and what it says of itself. */

import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { loopback } from "../../../config/address.ts";
import { BlueGreenError } from "../../../errors.ts";
import { colors, perColor } from "../../../model.ts";
import { ownIdentity } from "../../../process-identity.ts";
import { refuseOvertaken } from "../../../rules/overtaken.ts";
import { Drain, drainAction } from "./drain.ts";
import type { Handover } from "./handover.ts";
import { dismiss, leavingColors, quiesce } from "./handover.ts";
import { parseAddress } from "./instances.ts";
import { Listener } from "./listener.ts";
import type {
  ColorStatus,
  RouterRoutes,
  RouterSettings,
  RouterSpec,
  RouterStatus,
  RoutesChange,
} from "./protocol.ts";
import { hasTraffic, protocolVersion, routerFiles } from "./protocol.ts";
import { Proxy } from "./proxy.ts";
import { RouteStore } from "./route-store.ts";
import { parseRoutes } from "./routes.ts";
import type { UpstreamLimits } from "./upstream.ts";

const stopPollMs = 20;
/** Time for upgraded connections to say goodbye once their drain is over. */
const farewellMs = 1500;
const maxFaultMessages = 10;

export class Router {
  #spec: RouterSpec;
  readonly #identity = ownIdentity();
  readonly #startedAt = new Date().toISOString();
  readonly #store: RouteStore;
  readonly #proxy: Proxy;
  readonly #drains;
  readonly #listener: Listener;
  /** About the stored routes; a later write mends them. */
  #storeProblems: readonly string[] = [];
  readonly #faultMessages = new Set<string>();
  #faults = 0;
  #writing: Promise<unknown> = Promise.resolve();
  #stopped: Promise<void> | null = null;

  /** `limits` of the connections to instances; defaults in upstream.ts. */
  constructor(spec: RouterSpec, limits: Partial<UpstreamLimits> = {}) {
    this.#spec = spec;
    this.#store = new RouteStore(spec.dir);
    this.#proxy = new Proxy({ edge: spec.tls !== null, limits });
    this.#proxy.sticky = spec.sticky;
    this.#drains = perColor(
      (color) => new Drain(this.#proxy.counters[color], this.#proxy.tunnels[color]),
    );
    this.#listener = new Listener(spec, this.#proxy);
  }

  /** Takes up the stored routes, again if another router wrote them meanwhile. */
  async restore(): Promise<void> {
    const { routes, problems } = await this.#store.restore();
    this.#storeProblems = problems;
    this.#proxy.setRoutes(routes);
  }

  /** @throws BlueGreenError PORT_IN_USE among others. */
  async listen(): Promise<void> {
    await this.#listener.listen();
    await this.#proxy.logTo(this.#accessLogPath());
  }

  /**
   * Makes the routes so, durably and then at once; the same routes again change nothing.
   *
   * @throws BlueGreenError SETTINGS_INVALID, COLOR_EMPTY, COLOR_BUSY, STORE_FAILED, DRIFT when `ifGeneration`
   * doesn't fit, or without it the generation is lower than the one that serves; the former routes
   * are then in force.
   */
  setRoutes(change: RoutesChange): Promise<void> {
    return this.#inTurn(() => this.#apply(change));
  }

  setSettings(settings: RouterSettings): Promise<void> {
    return this.#inTurn(async () => {
      const { drainMs, accessLog, pauseMs, sticky } = settings;
      const logChanged = accessLog !== this.#spec.accessLog;
      this.#spec = { ...this.#spec, drainMs, accessLog, pauseMs, sticky };
      this.#proxy.sticky = sticky;
      if (logChanged) await this.#proxy.logTo(this.#accessLogPath());
    });
  }

  /** For what nobody foresaw: the router goes on, and says that something is wrong. */
  reportFault(message: string): void {
    this.#faults += 1;
    this.#faultMessages.add(`unexpected error: ${message}`.slice(0, 300));
    const [oldest] = this.#faultMessages;
    if (this.#faultMessages.size > maxFaultMessages && oldest !== undefined) {
      this.#faultMessages.delete(oldest);
    }
  }

  /** How many unforeseen errors there were. */
  get faults(): number {
    return this.#faults;
  }

  status(): RouterStatus {
    const { state, active } = this.#proxy.routes;
    const idleState = active ? "serving" : "inactive";
    return {
      ...this.#identity,
      protocol: protocolVersion,
      state: this.#stopped === null ? idleState : "stopping",
      startedAt: this.#startedAt,
      spec: this.#spec,
      listen: { host: this.#spec.host, port: this.#listener.port, tls: this.#spec.tls !== null },
      routes: state,
      colors: perColor((color) => this.#colorStatus(color)),
      unrouted: this.#proxy.unrouted,
      waiting: this.#proxy.pause.waiting,
      problems: this.#allProblems(),
    };
  }

  /**
   * Stops listening when it returns; the promise inside is fulfilled when all requests are
   * finished or `drainMs` is over and the rest was cut.
   */
  async stop(): Promise<{ readonly finished: Promise<void> }> {
    if (this.#stopped === null) {
      this.#proxy.beginStop();
      this.#listener.stop();
      this.#stopped = this.#finish();
      await this.#writing;
    }
    return { finished: this.#stopped };
  }

  async #finish(): Promise<void> {
    await this.#waitUntilDone(this.#spec.drainMs);
    for (const color of colors) {
      this.#drains[color].cancel();
      for (const tunnel of this.#proxy.tunnels[color]) tunnel.end();
    }
    this.#listener.closeAll();
    await this.#waitUntilDone(farewellMs);
    await this.#proxy.close();
  }

  async #waitUntilDone(ms: number): Promise<void> {
    const deadline = Date.now() + ms;
    while (this.#open() > 0 && Date.now() < deadline) {
      await sleep(stopPollMs);
      this.#listener.closeIdle();
    }
  }

  #open(): number {
    const { counters, pause } = this.#proxy;
    return counters.blue.open + counters.green.open + pause.waiting;
  }

  async #apply({ routes, ifGeneration }: RoutesChange): Promise<void> {
    const desired = parseRoutes({ ...routes, schema: undefined });
    this.#refuseLoop(desired);
    const former = this.#proxy.routes.state;
    refuseOvertaken(former, desired, ifGeneration);
    if (this.#storeProblems.length === 0 && JSON.stringify(former) === JSON.stringify(desired)) {
      return;
    }
    try {
      const back = desired.mark !== null || ifGeneration !== undefined;
      const handover = this.#handover(former, desired, back);
      if (handover !== null) await quiesce(handover);
      await this.#store.save(desired);
      this.#storeProblems = [];
      if (handover !== null) await dismiss(handover);
      this.#proxy.setRoutes(desired);
    } finally {
      this.#proxy.pause.end();
    }
    this.#drain(former, desired);
  }

  /** Null unless the colors must not serve at once. */
  #handover(before: RouterRoutes, after: RouterRoutes, back: boolean): Handover | null {
    const leaving = leavingColors(before, after);
    const { pauseMs } = this.#spec;
    if (pauseMs === 0 || leaving.length === 0) return null;
    const isStopping = (): boolean => this.#stopped !== null;
    const late = back ? "cut" : "refuse";
    return { proxy: this.#proxy, leaving, withinMs: pauseMs, late, isStopping };
  }

  #drain(former: RouterRoutes, desired: RouterRoutes): void {
    for (const color of colors) {
      const before = hasTraffic(former, color);
      const action = drainAction({ before, after: hasTraffic(desired, color) });
      if (action === "begin") this.#drains[color].begin(this.#spec.drainMs);
      if (action === "cancel") this.#drains[color].cancel();
    }
  }

  /** A router among its own instances would call itself until nothing is left. */
  #refuseLoop(routes: RouterRoutes): void {
    const own = [...loopback, this.#spec.host];
    for (const color of colors) {
      for (const address of routes.attached[color]) {
        const parts = parseAddress(address);
        if (parts?.port !== this.#listener.port || !own.includes(parts.host)) continue;
        throw new BlueGreenError("SETTINGS_INVALID", `${address} of ${color} is the router itself`);
      }
    }
  }

  /** One change at a time: the file and the pointer never disagree. */
  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    if (this.#stopped !== null) {
      const error = new BlueGreenError("ROUTER_DOWN", "the router is stopping", {
        hint: "Run the command again: a new router takes over.",
      });
      return Promise.reject(error);
    }
    const result = this.#writing.then(change);
    this.#writing = result.catch(() => undefined);
    return result;
  }

  #accessLogPath(): string | null {
    return this.#spec.accessLog ? join(this.#spec.dir, routerFiles.accessLog) : null;
  }

  #colorStatus(color: "blue" | "green"): ColorStatus {
    const now = Date.now();
    const { live, preview } = this.#proxy.counters[color];
    return {
      live: live.status(),
      preview: preview.status(),
      draining: this.#drains[color].status(),
      instances: this.#proxy.routes.pools[color].instances.map((each) => each.status(now)),
    };
  }

  #allProblems(): string[] {
    const parts = [this.#listener.problem, this.#proxy.accessLog?.problem ?? null];
    const present = parts.filter((problem) => problem !== null);
    return [...this.#storeProblems, ...present, ...this.#faultMessages];
  }
}
