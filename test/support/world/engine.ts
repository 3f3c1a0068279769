/**
 * Stands in for the Pulumi engine and the resources of one environment: locks a stack, runs the
 * program's real rules on what the stacks say, moves the data plane and saves what was done, and
 * can be cut short between any two of these.
 */

import assert from "node:assert";
import type { Call, Engine } from "../../../automation/adapters/engine.ts";
import { EngineDied } from "../../../automation/engine-died.ts";
import type { Settings } from "../../../infra/config.ts";
import { liveClaim } from "../../../infra/rules/claim.ts";
import { filled, guardColor, kept, settle } from "../../../infra/rules/color.ts";
import type { ColorView, Filled } from "../../../infra/rules/color.ts";
import { BlueGreenError } from "../../../infra/errors.ts";
import { guardActivation, guardRollback, refusePending } from "../../../infra/rules/activation.ts";
import type { Color, ColorOutputs, RouterRecord } from "../../../infra/model.ts";
import { activeOf, colors, perColor, sameWeights } from "../../../infra/model.ts";
import { observe } from "../../../infra/observation.ts";
import type { Observed } from "../../../infra/observation.ts";
import { parseRecord, schemaWith } from "../../../infra/rules/record.ts";
import type { ColorRequest, Request } from "../../../infra/rules/request.ts";
import type { StackRole } from "../../../infra/stacks.ts";
import { heldAfter } from "../../../infra/rules/warm.ts";
import { unprovenFlip, unprovenShare } from "../../../infra/rules/proof.ts";
import type { Unproven } from "../../../infra/rules/proof.ts";
import { setBackRoutes } from "../../../infra/rules/set-back.ts";
import { seenServed, seenShared } from "../../../infra/rules/traffic.ts";
import type { Transition } from "../../../infra/rules/transition.ts";
import { applyRequest, guardRemoval, routesAfter } from "../../../infra/rules/transition.ts";
import type { DataPlane } from "./data-plane.ts";
import { instant } from "../../../infra/rules/view.ts";
import { checkFlip, checkOvertaking, checkProven, checkWrite } from "./invariants.ts";
import type { Fill, Outputs, SimulatedProcess, Stack, WorldState } from "./state.ts";
import { asStored, servedWeights } from "./state.ts";

/** What the people and jobs of a simulated environment have in common, and what goes wrong. */
export interface EngineOptions {
  readonly state: WorldState;
  readonly plane: DataPlane;
  readonly process: SimulatedProcess;
  readonly settings: Settings;
  /** Settings that a release's digest covers beside its version. */
  readonly releaseSettings: string;
  readonly pause: (point: string, ms?: number) => Promise<void>;
  /** Time from a flip until it is seen in the data plane, in milliseconds. */
  readonly servedAfterMs: () => number;
  /** True while a switch to this color isn't seen to be served. */
  readonly switchFails: (color: Color) => boolean;
  /** True while this color answers every request after a switch with an error. */
  readonly answersErrors: (color: Color) => boolean;
  /** True while the router can't be set back after such a switch. */
  readonly setBackFails: () => boolean;
  /** Why the engine can't make this update; null: it can. */
  readonly refuses: (call: Call) => BlueGreenError | null;
  /** Why stacks can't be read; null: they can. */
  readonly unreadable: () => BlueGreenError | null;
  /** True when the engine is to end at this step of an update, while its driver lives on. */
  readonly engineDies: () => boolean;
}

/** What is refused with these has begun. */
const cutShort: ReadonlySet<string> = new Set([
  "SWITCH_NOT_SERVED",
  "SWITCH_STUCK",
  "ROLLED_BACK",
  "DRIFT",
]);

/** Time until instances are healthy, or known not to get so. */
const fillMs = 3_000;

const defaultSize = 2;

export class SimulatedEngine implements Pick<
  Engine,
  "run" | "outputs" | "ensureStack" | "removeStack"
> {
  readonly #options: EngineOptions;

  constructor(options: EngineOptions) {
    this.#options = options;
  }

  async run(call: Call): Promise<readonly []> {
    const { color } = call.role;
    // As the real one does: there is nothing that could be destroyed.
    if (call.operation === "destroy" && this.#holdsNothing(call.role)) return [];
    await this.#locked(call.role, async (stack) => {
      const refusal = this.#options.refuses(call);
      if (refusal) throw refusal;
      if (color) await this.#runColor(stack, color, call);
      else if (call.operation === "destroy") await this.#destroyRouter(stack);
      else await this.#runRouter(stack, call);
    });
    return [];
  }

  outputs(role: StackRole): Promise<Outputs | null> {
    const error = this.#options.unreadable();
    return error ? Promise.reject(error) : Promise.resolve(this.#stackOf(role).outputs);
  }

  ensureStack(role: StackRole): Promise<void> {
    this.#stackOf(role).outputs ??= {};
    return Promise.resolve();
  }

  async removeStack(role: StackRole): Promise<void> {
    await this.#pause(`removes stack ${role.color ?? "router"}`);
    const stack = this.#stackOf(role);
    assert(stack.outputs === null || this.#holdsNothing(role), "the stack isn't empty");
    stack.outputs = null;
  }

  #holdsNothing(role: StackRole): boolean {
    const { outputs } = this.#stackOf(role);
    return outputs === null || Object.keys(outputs).length === 0;
  }

  async #destroyRouter(stack: Stack): Promise<void> {
    const { state } = this.#options;
    const view = await this.#observe();
    guardRemoval(view, view.record);
    await this.#pause("has begun to remove the router");
    state.routes = null;
    stack.routes = null;
    await this.#pause("has removed the router");
    stack.outputs = {};
  }

  async #pause(point: string, ms?: number): Promise<void> {
    const { pause, engineDies } = this.#options;
    await pause(point, ms);
    if (engineDies()) throw new EngineDied("dev", { hint: "run the command again" });
  }

  #stackOf({ color }: StackRole): Stack {
    const { state } = this.#options;
    return color ? state.colors[color] : state.router;
  }

  /** A killed process never gets to the end, so its lock stays. */
  async #locked(role: StackRole, work: (stack: Stack) => Promise<void>): Promise<void> {
    const { process } = this.#options;
    const stack = this.#stackOf(role);
    const what = role.color ?? "router";
    if (stack.outputs === null) {
      throw new BlueGreenError("STACK_MISSING", `stack ${what} doesn't exist`);
    }
    await this.#pause(`locks ${what}`);
    if (stack.lockedBy !== null) {
      throw new BlueGreenError("STACK_LOCKED", `another update holds the lock of ${what}`);
    }
    stack.lockedBy = process.owner.pid;
    try {
      await work(stack);
      await this.#pause(`unlocks ${what}`);
    } finally {
      stack.lockedBy = null;
    }
  }

  #observe(): Promise<Observed> {
    const { state, plane, settings } = this.#options;
    const { router } = state;
    const outputs = { router: router.outputs, colors: perColor((c) => state.colors[c].outputs) };
    const platform = {
      read: (scope: Parameters<DataPlane["read"]>[0] extends infer C ? { colors: C } : never) =>
        Promise.resolve(plane.read(scope.colors)),
    };
    return observe({ settings, platform, outputs, nowMs: state.nowMs });
  }

  async #runRouter(stack: Stack, call: Call): Promise<void> {
    const { state, settings, process } = this.#options;
    assert(call.operation === "up");
    if (call.refresh) stack.routes = state.routes;
    const request = call.context.request ?? { kind: "Obey" };
    const view = await this.#observe();
    call.context.on?.({ kind: "Observed", record: view.record, drift: view.drift });
    await this.#pause(`has read for ${request.kind}`);
    const { activeColor, generation } = settings;
    const before = JSON.stringify([state.router.outputs, state.routes, stack.routes]);
    let transition: Transition;
    try {
      transition = applyRequest(view, request, {
        declared: { activeColor, generation },
        name: "file",
      });
      call.context.on?.({ kind: "Planned", record: transition.record });
      const unproven = unprovenFlip(view, request, transition);
      await this.#pause(`has planned ${request.kind}`);
      await this.#setRoutes(stack, { view, transition, request });
      if (unproven) {
        assert.equal(transition.record.weights[unproven.color], 100);
        await this.#verify(unproven, { view, transition, request });
        const record = seenServed(transition.record, instant(state.nowMs));
        transition = { ...transition, record };
        call.context.on?.({ kind: "Planned", record });
      }
      if (unprovenShare(transition)) {
        transition = { ...transition, record: this.#shared(transition) };
        call.context.on?.({ kind: "Planned", record: transition.record });
      }
    } catch (error) {
      const after = JSON.stringify([state.router.outputs, state.routes, stack.routes]);
      const code = error instanceof BlueGreenError ? error.code : "BUG";
      const cut = error instanceof EngineDied || cutShort.has(code);
      if (before !== after && !cut) {
        state.violations.push(`I5: ${request.kind} was refused with ${code} and changed something`);
      }
      throw error;
    }
    const written = { before: parseRecord(stack.outputs ?? {}), after: transition.record, request };
    stack.outputs = asStored({ ...transition.record, platform: "local" });
    checkWrite(state, process, { ...written, held: liveClaim(view.record, state.nowMs) });
    checkProven(state, { ...written, drift: view.drift });
    await this.#pause(`has recorded ${request.kind}`);
  }

  /** The route resource: guarded and written only where the engine sees a difference. */
  async #setRoutes(stack: Stack, { view, transition, request }: Update): Promise<void> {
    const { state, plane, switchFails } = this.#options;
    const routes = routesAfter(view, transition);
    const { activation } = transition;
    if (JSON.stringify(routes) !== JSON.stringify(stack.routes)) {
      if (activation) {
        const now = await this.#observe();
        const { color, expected, rollback } = activation;
        const guarded = rollback
          ? guardRollback(now, color)
          : guardActivation(now, color, expected);
        const result = refusePending(guarded, now, color);
        if (result.kind === "refused") throw result.error;
        checkFlip(state, color, request);
      }
      this.#noteStop(routes.weights, request);
      const served = state.routes;
      // One that doesn't take a share stays as it is.
      const ignored = unprovenShare(transition) && activation && switchFails(activation.color);
      if (!ignored) plane.write(routes);
      checkOvertaking(state, { seen: view.reading, served, request });
      await this.#pause(`has written routes for ${request.kind}`);
      stack.routes = routes;
      await this.#pause(`has saved routes for ${request.kind}`);
    }
  }

  #noteStop(weights: Transition["record"]["weights"], request: Request): void {
    const { state } = this.#options;
    const before = servedWeights(state);
    const stops = activeOf(before) !== null && weights.blue + weights.green === 0;
    if (stops && request.kind !== "Deactivate") {
      state.violations.push(`traffic was stopped by ${request.kind}`);
    }
  }

  /** As the real one: a share counts from the first reading that shows it. */
  #shared({ record }: Transition): RouterRecord {
    const { state, plane } = this.#options;
    const reading = plane.read(perColor(() => null));
    if (!reading.weights || !sameWeights(reading.weights, record.weights)) {
      throw new BlueGreenError("SWITCH_NOT_SERVED", "the router doesn't take the share");
    }
    return seenShared(record, reading, instant(state.nowMs));
  }

  /** The data plane follows at once, or never. */
  async #verify(flip: Unproven, { view, transition, request }: Update): Promise<void> {
    const { state, plane, switchFails, answersErrors, setBackFails, servedAfterMs } = this.#options;
    const { color, former, rollback } = flip;
    const errors = answersErrors(color);
    if (!switchFails(color) && !errors && servedWeights(state)[color] === 100) {
      state.provenGeneration = state.routes?.generation ?? 0;
      await this.#pause(`has seen ${color} serve for ${request.kind}`, servedAfterMs());
      return;
    }
    if (rollback || setBackFails()) {
      throw new BlueGreenError("SWITCH_STUCK", `${color} isn't served`, { hint: "as asked" });
    }
    const release = errors && former.record.activeColor ? view.colors[color]?.release : undefined;
    const failed = release ? { release, reason: "errors", at: instant(state.nowMs) } : null;
    const before = { ...view, ...former };
    plane.flip(setBackRoutes(before, transition.record.generation, failed));
    await this.#pause(`has set back ${request.kind}`);
    const code = failed ? "ROLLED_BACK" : "SWITCH_NOT_SERVED";
    throw new BlueGreenError(code, `${color} isn't served`, { hint: "set back" });
  }

  async #runColor(stack: Stack, color: Color, call: Call): Promise<void> {
    const { state, plane } = this.#options;
    const view = await this.#observe();
    const { environment, record, nowMs } = view;
    const seen: ColorView = { color, environment, record, current: view.colors[color], nowMs };
    const asked = settle(call.context.colorRequest ?? { kind: "Obey" }, seen);
    const wanted = this.#plan(asked, seen);
    guardColor(seen, asked, wanted);
    await this.#pause(`may ${asked.kind} ${color}`);
    call.context.on?.({ kind: "Changing" });
    if (!wanted) {
      plane.setFill(color, null);
      await this.#pause(`has removed ${color}`);
      stack.outputs = {};
      return;
    }
    const fill = await this.#fill(color, wanted);
    const works = this.#options.plane.behaviourOf(wanted.release).migrations?.works ?? null;
    const held = heldAfter(seen, asked, { digest: wanted.release.digest, size: wanted.size });
    const outputs: ColorOutputs = {
      schema: schemaWith(works, held),
      color,
      release: wanted.release,
      addresses: fill.addresses,
      rolloutId: wanted.rolloutId,
      size: wanted.size,
      held,
      given: false,
      works,
      spec: { frozen: wanted.release.version },
    };
    call.context.on?.({ kind: "Filled", outputs });
    await this.#pause(`has filled ${color}`);
    assert(state.colors[color] === stack);
    stack.outputs = asStored({ ...outputs });
    await this.#pause(`has recorded ${color}`);
  }

  #plan(asked: ColorRequest, view: ColorView): Filled | null {
    const { settings, releaseSettings } = this.#options;
    const { current } = view;
    if (asked.kind === "Empty") return null;
    if (asked.kind === "Keep" || asked.kind === "Shrink") return current && kept(current, asked);
    const named = asked.kind === "Provision" ? asked.version : settings.version;
    const version = named ?? current?.release.version ?? "none";
    const release = { version, digest: digestOf(version, releaseSettings) };
    if (this.#options.plane.behaviourOf(release).cannotBeFrozen) {
      throw new BlueGreenError("STORE_FAILED", "no space left on device");
    }
    return filled(view, asked, { release, configured: defaultSize });
  }

  /** Instances of the same release stay and get company; of another one they are replaced. */
  async #fill(color: Color, { release, size }: Filled): Promise<Fill> {
    const { state, plane } = this.#options;
    const there = state.fills[color];
    const same = there?.whole && there.release.digest === release.digest;
    const kept = same ? there.addresses : [];
    if (same && kept.length >= size) return this.#trim(color, there, size);
    const missing = Array.from({ length: size - kept.length }, () => {
      state.next += 1;
      return `127.0.0.1:${10_000 + state.next}`;
    });
    const half = { release, addresses: [...kept, ...missing.slice(1)], whole: same === true };
    plane.setFill(color, half);
    await this.#pause(`is filling ${color}`, fillMs);
    if (plane.behaviourOf(release).neverHealthy) {
      throw new BlueGreenError("PROVISION_FAILED", `${color} never got healthy`);
    }
    const fill = { release, addresses: [...kept, ...missing], whole: true };
    plane.setFill(color, fill);
    return fill;
  }

  /** Surplus instances end, the last ones first, as a supervisor ends them. */
  async #trim(color: Color, there: Fill, size: number): Promise<Fill> {
    if (there.addresses.length === size) return there;
    await this.#pause(`is trimming ${color}`);
    const fill = { ...there, addresses: there.addresses.slice(0, size) };
    this.#options.plane.setFill(color, fill);
    return fill;
  }
}

interface Update {
  readonly view: Observed;
  readonly transition: Transition;
  readonly request: Request;
}

export function digestOf(version: string, releaseSettings: string): string {
  return `sha-${version}-${releaseSettings}`;
}

/** Locks that a dead process of this host left; true when there was one. */
export function takeOverDeadLock(
  state: WorldState,
  process: SimulatedProcess,
  stack: string,
): boolean {
  const color = colors.find((each) => stack.endsWith(each));
  const held = color ? state.colors[color] : state.router;
  const holder = state.processes.find(({ owner }) => owner.pid === held.lockedBy);
  if (!holder || holder.alive || holder.owner.host !== process.owner.host) return false;
  held.lockedBy = null;
  return true;
}
