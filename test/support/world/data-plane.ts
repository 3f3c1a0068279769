/** The simulated router and instances: what requests really meet, at a constant rate. */

import type { HookStage } from "../../../infra/hook-stages.ts";
import type { Color, ColorOutputs, PerColor, Release, Weights } from "../../../infra/model.ts";
import type {
  MigrationKind,
  RouterReading,
  SchemaRange,
  TargetReading,
} from "../../../infra/model.ts";
import type { MigrationPolicy } from "../../../automation/rollout/migration-policy.ts";
import { activeOf, colors, isServed, perColor, weightsOf } from "../../../infra/model.ts";
import type { DirectRoutes, Routes } from "../../../infra/platform.ts";
import { refuseOvertaken } from "../../../infra/rules/overtaken.ts";
import type { Fill, WorldState } from "./state.ts";
import { newCounter, servedWeights } from "./state.ts";

/** How a release behaves; what isn't named is well. */
export interface Behaviour {
  /** Its files can't be copied, so filling ends before anything of the color is touched. */
  readonly cannotBeFrozen?: boolean;
  /** Never gets healthy: filling a color with it fails. */
  readonly neverHealthy?: boolean;
  /** Runs, but doesn't do what it should. */
  readonly failsChecks?: boolean;
  /** The hook of this stage refuses it. */
  readonly refusedAt?: HookStage;
  /** The hook of this stage takes so long; Infinity: it hangs. */
  readonly hookTakes?: { readonly stage: HookStage; readonly ms: number };
  /** What its checkout says of the database. */
  readonly migrations?: MigrationPolicy;
  /** Schemas that it truly works with; default those that it says. */
  readonly needs?: SchemaRange;
  /** This step of it fails. */
  readonly failsStep?: MigrationKind;
  /** Answers with errors from so long after it got traffic. */
  readonly breaksAfterMs?: number;
  /** Its instances die again and again from so long after it got traffic. */
  readonly crashesAfterMs?: number;
}

/** Percent of all requests that any cohorts make. */
const cohortShare = 20;

function shareOf(weights: Weights, color: Color): number {
  const { cohorts } = weights;
  if (cohorts === undefined) return weights[color];
  const among = (weights[color] * (100 - cohortShare)) / 100;
  return cohorts.color === color ? among + cohortShare : among;
}

/** As the settings say. */
const drainMs = 1_000;

export type Behaviours = Readonly<Record<string, Behaviour>>;

export class DataPlane {
  readonly #state: WorldState;
  readonly #behaviours: Behaviours;
  #countedAtMs: number;

  constructor(state: WorldState, behaviours: Behaviours) {
    this.#state = state;
    this.#behaviours = behaviours;
    this.#countedAtMs = state.nowMs;
  }

  behaviourOf({ version }: Release): Behaviour {
    return this.#behaviours[version] ?? {};
  }

  /** Sends the requests that were due since the last call. */
  serve(): void {
    const { nowMs, counters, requestsPerSecond } = this.#state;
    const weights = servedWeights(this.#state);
    for (const color of colors) {
      if (!isServed(weights, color)) continue;
      const counter = counters[color];
      counter.trafficSinceMs ??= this.#countedAtMs;
      const share = (requestsPerSecond * shareOf(weights, color)) / 100_000;
      const requests = (nowMs - this.#countedAtMs) * share;
      const failing = this.#failingMs(color, counter.trafficSinceMs);
      counter.requests += requests;
      counter.errors += Math.min(requests, failing * share);
      counter.lastRequestAtMs = nowMs;
    }
    this.#countedAtMs = nowMs;
  }

  /** The color without traffic fails the probes that are sent to it by name. */
  formerFails(): boolean {
    const weights = servedWeights(this.#state);
    const former = colors.find((color) => !isServed(weights, color));
    const fill = former && this.#state.fills[former];
    if (!fill || activeOf(weights) === null) return false;
    const { breaksAfterMs, crashesAfterMs } = this.behaviourOf(fill.release);
    // Once it has broken under traffic it stays so.
    return breaksAfterMs !== undefined || crashesAfterMs !== undefined;
  }

  /** Milliseconds of the time since the last count in which the color's release failed. */
  #failingMs(color: Color, sinceMs: number): number {
    const fill = this.#state.fills[color];
    if (!fill) return this.#state.nowMs - this.#countedAtMs;
    const { breaksAfterMs, crashesAfterMs } = this.behaviourOf(fill.release);
    const brokenAtMs = sinceMs + Math.min(breaksAfterMs ?? Infinity, crashesAfterMs ?? Infinity);
    return Math.max(0, this.#state.nowMs - Math.max(brokenAtMs, this.#countedAtMs));
  }

  /** @throws DRIFT as the real router does, where somebody has written a later generation */
  write(routes: Routes): void {
    this.serve();
    const served = this.#state.routes;
    if (served) refuseOvertaken(served, routes, undefined);
    this.#state.routes = routes;
    this.#noteLeft();
  }

  /** A write past the engine: what is attached stays. */
  flip({ weights, generation, rolloutId, mark, former }: DirectRoutes): void {
    this.serve();
    const attached = this.#state.routes?.attached ?? perColor(() => []);
    this.#state.routes = { weights, attached, generation, rolloutId, mark, former };
    this.#noteLeft();
  }

  #noteLeft(): void {
    const weights = servedWeights(this.#state);
    for (const color of colors) {
      if (!isServed(weights, color)) this.#state.counters[color].trafficSinceMs = null;
    }
  }

  setFill(color: Color, fill: Fill | null): void {
    this.serve();
    const { counters, fills, routes, violations } = this.#state;
    const before = fills[color];
    const serves = routes !== null && isServed(routes.weights, color);
    // What the router doesn't know of serves nobody.
    const known = routes?.attached[color] ?? [];
    const sameOrMore =
      before?.release.digest === fill?.release.digest &&
      before?.addresses.every(
        (address) => !known.includes(address) || fill?.addresses.includes(address),
      );
    if (serves && !sameOrMore) violations.push(`I7: ${color} has traffic and was changed`);
    if (before && !sameOrMore && this.#open(color) > 0 && !this.#isDrained(color)) {
      violations.push(`I12: ${color} was changed while it answered requests`);
    }
    if (before?.release.digest !== fill?.release.digest) {
      const { requests, errors } = counters[color];
      counters[color] = { ...newCounter(), requests, errors };
    }
    fills[color] = fill;
  }

  read(outputs: PerColor<ColorOutputs | null>): RouterReading {
    this.serve();
    const { routes, counters } = this.#state;
    const targets = perColor((color) => this.#target(color, outputs[color]));
    const common = { targets, settlesInMs: 0 };
    if (!routes) {
      return {
        ...common,
        weights: null,
        generation: null,
        rolloutId: null,
        mark: null,
        former: null,
        attached: perColor(() => []),
        traffic: { kind: "unknown" },
        problems: ["the router doesn't run"],
      };
    }
    const traffic = perColor((color) => {
      const { requests, errors, lastRequestAtMs: at } = counters[color];
      const lastRequestAt = at === null ? null : new Date(at).toISOString();
      const count = { requests: Math.floor(requests), errors: Math.floor(errors) };
      return { ...count, open: this.#open(color), lastRequestAt };
    });
    return { ...common, ...routes, traffic: { kind: "counted", colors: traffic }, problems: [] };
  }

  /** Requests in flight, as long as there is one. */
  #open(color: Color): number {
    const { requestMs, requestsPerSecond, counters, nowMs } = this.#state;
    const { lastRequestAtMs } = counters[color];
    const left = lastRequestAtMs === null ? 0 : lastRequestAtMs + requestMs - nowMs;
    return Math.max(0, Math.ceil((left * requestsPerSecond) / 1_000));
  }

  #isDrained(color: Color): boolean {
    const { counters, nowMs } = this.#state;
    return nowMs >= (counters[color].lastRequestAtMs ?? 0) + drainMs;
  }

  #target(color: Color, outputs: ColorOutputs | null): TargetReading {
    const fill = this.#state.fills[color];
    const nothing = { ready: 0, total: 0, problems: [], crashLoop: false, reachable: true };
    if (!outputs) return nothing;
    const crashLoop = fill !== null && this.#crashes(color, fill);
    const alive = outputs.addresses.filter((address) => fill?.addresses.includes(address));
    return { ...nothing, ready: crashLoop ? 0 : alive.length, total: outputs.size, crashLoop };
  }

  #crashes(color: Color, { release }: Fill): boolean {
    const { crashesAfterMs } = this.behaviourOf(release);
    const since = this.#state.counters[color].trafficSinceMs;
    if (crashesAfterMs === undefined || since === null) return false;
    return this.#state.nowMs >= since + crashesAfterMs;
  }

  /** Somebody without any of our tools moves the router. */
  moveByStranger(color: Color | null): void {
    this.shareByStranger(weightsOf(color));
  }

  /** @param stamp what the router keeps as its last writer; default: none of ours */
  shareByStranger(weights: Weights, stamp = "a stranger"): void {
    const { routes } = this.#state;
    if (routes) this.flip({ ...routes, weights, rolloutId: stamp });
  }
}
