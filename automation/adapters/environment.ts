/** The three stacks and the data plane of an environment, on the real engine. */

import assert from "node:assert";
import type { Clock } from "../../infra/clock.ts";
import { systemClock } from "../../infra/clock.ts";
import type { Settings } from "../../infra/config.ts";
import type { ProgramEvent } from "../../infra/context.ts";
import { BlueGreenError, messageOf } from "../../infra/errors.ts";
import type { Color, ColorOutputs, RouterReading } from "../../infra/model.ts";
import type { DirectMark } from "../../infra/model.ts";
import { colors, perColor } from "../../infra/model.ts";
import { observe } from "../../infra/observation.ts";
import type { Observed, Outputs, StackOutputs } from "../../infra/observation.ts";
import type { Platform } from "../../infra/platform.ts";
import { frozenAt } from "../../infra/freeze.ts";
import { parseColorOutputs } from "../../infra/rules/record.ts";
import type { ColorRequest, Request } from "../../infra/rules/request.ts";
import type { StackRole } from "../../infra/stack-role.ts";
import { stackName } from "../../infra/stack-role.ts";
import { Deadline } from "../deadline.ts";
import type { Environment, Look } from "../ports.ts";
import { describeRequest, describeTakeOver, makeRouter } from "../rollout/action.ts";
import { ColorUpdates } from "./color-updates.ts";
import type { Call, Engine } from "./engine.ts";

export interface EnvironmentOptions {
  readonly engine: Pick<Engine, "run" | "outputs" | "ensureStack" | "removeStack">;
  readonly settings: Settings;
  readonly platform: Platform;
  /** How long a lock that another update holds is waited for, in milliseconds; a way back: 5 s. */
  readonly lockMs: number;
  /** For all that comes before traffic is moved; default: none. */
  readonly deadline?: Deadline | undefined;
  /** Takes over the locks of dead processes on this host; true when one was. */
  readonly takeOverLock: (stack: string) => Promise<boolean>;
  /** Why switches are allowed in a freeze; default: they aren't. */
  readonly overrideFreeze?: string | null | undefined;
  /** Default: the system's. */
  readonly clock?: Clock;
  readonly onEvent: (stack: string, event: ProgramEvent) => void;
}

/** After these a release may be no longer needed. */
const tidying: ReadonlySet<Request["kind"]> = new Set(["Hold", "Retired"]);

const lockPauseMs = 500;
/** All that comes before the flip of a way back, its lock included: past the engine it is shorter. */
const backMs = 5_000;
/** What the record is worth once an engine was too slow for that: it may never answer. */
const lateMs = 60_000;
/** A command that looks ahead of its loop has looked for that as well, unless it begins later. */
const freshMs = 5_000;

export class PulumiEnvironment implements Environment {
  private readonly options: EnvironmentOptions;
  private readonly clock: Clock;
  private readonly colors: ColorUpdates;
  private known: StackOutputs | null = null;
  /** What was seen ahead of a loop, until that has looked or anything was written. */
  private seen: Observed | null = null;
  /** Of a direct rollback that no update has taken over yet. */
  private mark: DirectMark | null = null;
  /** A way back of this run missed its time. */
  private slow = false;

  constructor(options: EnvironmentOptions) {
    this.options = options;
    this.clock = options.clock ?? systemClock;
    this.colors = new ColorUpdates({
      settings: options.settings,
      platform: options.platform,
      onEvent: options.onEvent,
      ensureStack: (role) => options.engine.ensureStack(role),
      update: (call) => this.update(call),
      known: (color) => this.known?.colors[color],
      remember: (color, outputs) => {
        this.remember({ color, outputs });
      },
    });
  }

  async observe({ fresh, ahead = false, hurried = false }: Look): Promise<Observed> {
    const { settings, platform, overrideFreeze: override } = this.options;
    const { seen } = this;
    this.seen = null;
    if (fresh && seen && this.clock.now() - seen.nowMs < freshMs) return seen;
    // Past its deadline a run ends with what it knows.
    const late = this.options.deadline?.signal.aborted === true;
    if (!this.known || (fresh && !late)) this.known = await this.readOutputs(hurried);
    const nowMs = this.clock.now();
    const view = await observe({ settings, platform, outputs: this.known, nowMs, override });
    if (fresh && ahead) this.seen = view;
    this.mark = view.drift.kind === "direct" ? view.reading.mark : null;
    return view;
  }

  read(): Promise<RouterReading> {
    const { settings, platform } = this.options;
    const outputs = this.known?.colors;
    const colors = perColor((color) => parseColorOutputs(outputs?.[color] ?? {}));
    return platform.read({ settings, colors });
  }

  async updateRouter(request: Request): Promise<void> {
    const { settings, engine } = this.options;
    const role = { environment: settings.environment, color: null };
    const absent = this.known?.router === null;
    if (absent) await engine.ensureStack(role);
    const planned: { outputs: Record<string, unknown> | null } = { outputs: null };
    const deadline = this.deadlineOf(request);
    const call: Call = {
      role,
      operation: "up",
      message: this.messageOf(request, absent),
      refresh: request.kind === "Keep",
      context: {
        request,
        overrideFreeze: this.options.overrideFreeze ?? null,
        on: (event) => {
          if (event.kind === "Planned") planned.outputs = { ...event.record };
          if (event.kind === "Flipping") deadline?.lift();
          this.options.onEvent(settings.environment, event);
        },
      },
      // Whatever it is, it isn't left halfway.
      onChange: () => deadline?.lift(),
      signal: deadline?.signal,
    };
    try {
      await this.update(call, deadline);
    } finally {
      this.slow ||= deadline !== undefined && deadline.signal.aborted;
      if (deadline !== this.options.deadline) deadline?.lift();
    }
    assert(planned.outputs, "the program ended without having planned a record");
    this.mark = null;
    this.remember({ router: { ...planned.outputs, platform: settings.platform } });
    if (tidying.has(request.kind)) await this.tidy();
  }

  private deadlineOf(request: Request): Deadline | undefined {
    const { deadline } = this.options;
    if (deadline) return deadline;
    if (this.slow) return new Deadline(lateMs);
    // Nothing else leads out of the shift of a rollout whose place another takes.
    const isOwn = request.kind === "RollBack" && request.beforeSwitch !== true;
    return isOwn ? new Deadline(backMs) : undefined;
  }

  /** An overridden freeze stays to be read in the stack's history. */
  private messageOf(request: Request, absent: boolean): string {
    const { settings, overrideFreeze } = this.options;
    if (absent && request.kind === "Keep") return makeRouter;
    const taken = this.mark && describeTakeOver(this.mark);
    if (taken !== null && request.kind === "Keep") return taken;
    const message = (taken === null ? "" : `${taken}; `) + describeRequest(request);
    const forth = request.kind === "Switch" || request.kind === "Shift";
    const overrides = forth && typeof overrideFreeze === "string";
    // What was observed doesn't say: where a freeze is overridden, nothing is frozen.
    if (!overrides || frozenAt(settings.freeze, this.clock.now()) === null) return message;
    return `${message}, despite the freeze: ${overrideFreeze}`;
  }

  /** What can't be removed is only in the way: the next time will do. */
  private async tidy(): Promise<void> {
    const { engine, settings, platform, onEvent } = this.options;
    const { environment } = settings;
    if (!platform.tidy) return;
    const held = async (color: Color): Promise<ColorOutputs | null> => {
      const outputs = await engine.outputs({ environment, color }, { open: true });
      return parseColorOutputs(outputs ?? {});
    };
    try {
      await platform.tidy(settings, async () => {
        const [blue, green] = await Promise.all([held("blue"), held("green")]);
        return { blue, green };
      });
    } catch (error) {
      const sentence = `what no color needs any more isn't removed: ${messageOf(error)}`;
      onEvent(environment, { kind: "Noted", sentence });
    }
  }

  /** @throws NotBegun where the program didn't get as far as changing anything of the color */
  updateColor(color: Color, request: ColorRequest): Promise<void> {
    return this.colors.update(color, request);
  }

  /** The color's stack, empty, if it isn't there: a person can fill it then. */
  ensureColor(color: Color): Promise<void> {
    return this.colors.ensure(color);
  }

  /** Also ends what a killed update started and Pulumi doesn't know of. */
  emptyColor(color: Color): Promise<void> {
    return this.colors.empty(color);
  }

  /** Destroys the router's stack and removes all three; traffic must have been stopped before. */
  async remove(): Promise<void> {
    const { settings, engine } = this.options;
    const { environment } = settings;
    await this.update({
      role: { environment, color: null },
      operation: "destroy",
      message: "remove the environment",
      context: {
        request: { kind: "Keep" },
        on: (event) => {
          this.options.onEvent(environment, event);
        },
      },
    });
    for (const color of [...colors, null]) {
      const role = { environment, color };
      await this.locking(role, () => engine.removeStack(role));
    }
    this.known = null;
  }

  private update(call: Call, deadline = this.options.deadline): Promise<void> {
    const run = async (): Promise<void> => {
      await this.options.engine.run(call);
    };
    const back = call.context.request?.kind === "RollBack";
    return this.locking(call.role, run, { deadline, ...(back && { lockMs: backMs }) });
  }

  /**
   * Waits for a lock that is held, and takes over one whose owner is dead. What was overtaken by a
   * direct rollback is tried once more: the program then sees that, and decides anew.
   */
  private async locking(
    role: StackRole,
    work: () => Promise<void>,
    { deadline, lockMs = Infinity }: { deadline?: Deadline | undefined; lockMs?: number } = {},
  ): Promise<void> {
    const { takeOverLock } = this.options;
    const until = this.clock.now() + Math.min(this.options.lockMs, lockMs);
    const stack = stackName(role);
    let overtaken = false;
    let lockedOut: BlueGreenError | null = null;
    this.seen = null;
    for (;;) {
      try {
        await limited(deadline, work);
        return;
      } catch (error) {
        if (!(error instanceof BlueGreenError)) throw error;
        if (lockedOut && deadline?.signal.aborted === true) throw lockedOut;
        if (error.code === "DRIFT" && !overtaken) {
          overtaken = true;
          this.options.onEvent(stack, { kind: "Noted", sentence: error.message });
          continue;
        }
        const locked = error.code === "STACK_LOCKED";
        if (locked) lockedOut = error;
        // Pulumi doesn't say so of a lock that was cut short: it can't read it.
        if (!locked && error.code !== "ENGINE_FAILED") throw error;
        if (await takeOverLock(stack)) continue;
        if (!locked || this.clock.now() >= until) throw error;
        await this.clock.sleep(lockPauseMs);
      }
    }
  }

  private async readOutputs(hurried: boolean): Promise<StackOutputs> {
    const { engine, settings } = this.options;
    const { environment } = settings;
    const deadline = this.options.deadline ?? (hurried ? new Deadline(backMs) : undefined);
    const [router, blue, green] = await limited(deadline, () =>
      Promise.all([
        engine.outputs({ environment, color: null }),
        engine.outputs({ environment, color: "blue" }),
        engine.outputs({ environment, color: "green" }),
      ]),
    );
    return { router, colors: { blue, green } };
  }

  private remember(
    wrote: { readonly router: Outputs } | { readonly color: Color; readonly outputs: Outputs },
  ): void {
    const before = this.known ?? { router: null, colors: perColor(() => null) };
    this.known =
      "router" in wrote
        ? { ...before, router: wrote.router }
        : { ...before, colors: { ...before.colors, [wrote.color]: wrote.outputs } };
  }
}

function limited<T>(deadline: Deadline | undefined, work: () => Promise<T>): Promise<T> {
  return deadline ? deadline.limit(work) : work();
}
