/** A simulated environment with the people and jobs that work on it, in virtual time. */

import assert from "node:assert";
import { PulumiEnvironment } from "../../../automation/adapters/environment.ts";
import { RouterBake } from "../../../automation/operations/bake.ts";
import { directWay, flipDirectly } from "../../../automation/operations/direct-flip.ts";
import type { Written } from "../../../automation/operations/direct-flip.ts";
import { bringUp } from "../../../automation/operations/bring-up.ts";
import { reserveByHand } from "../../../automation/operations/reserve-by-hand.ts";
import { takeDown } from "../../../automation/operations/take-down.ts";
import type { CommandContext } from "../../../automation/command.ts";
import type { Session } from "../../../automation/session.ts";
import { versionToDeploy } from "../../../automation/rollout/ownership.ts";
import type { Environment, Ports } from "../../../automation/ports.ts";
import type { Event } from "../../../automation/event.ts";
import { reconcile } from "../../../automation/reconcile.ts";
import type { Goal, Policy } from "../../../automation/rollout/goal.ts";
import type { Settings } from "../../../infra/config.ts";
import { BlueGreenError } from "../../../infra/errors.ts";
import type { Color, Owner } from "../../../infra/model.ts";
import { activeOf, colors, hasAll, perColor } from "../../../infra/model.ts";
import { formerColor, idleColor } from "../../../infra/rules/roles.ts";
import type { Observed } from "../../../infra/observation.ts";
import type { Platform } from "../../../infra/platform.ts";
import type { Request } from "../../../infra/rules/request.ts";
import { simulatedChecks } from "./checks.ts";
import type { Behaviours } from "./data-plane.ts";
import { DataPlane } from "./data-plane.ts";
import { SimulatedEngine, digestOf, takeOverDeadLock } from "./engine.ts";
import { simulatedHooks } from "./hooks.ts";
import { checkState } from "./invariants.ts";
import { simulatedMigrations } from "./migrations.ts";
import { routerOf } from "./router.ts";
import { bakingFor, settingsOf, times } from "./settings.ts";
import { Schedule } from "./schedule.ts";
import type { Task } from "./schedule.ts";
import type { SimulatedProcess, WorldState } from "./state.ts";
import { newState, servedWeights, storedRecord } from "./state.ts";

/** What a person or a job runs. */
export type Command =
  | { readonly run: "deploy"; readonly version: string | null; readonly replace?: boolean }
  | { readonly run: "approve" }
  | { readonly run: "switch"; readonly color: Color; readonly bake: boolean }
  | { readonly run: "rollback"; readonly now?: boolean }
  /** Past the engine, without a look at the record. */
  | { readonly run: "rollback direct" }
  | { readonly run: "retire"; readonly now: boolean; readonly overrideFailing?: string }
  | { readonly run: "abort" }
  | { readonly run: "contract" }
  | { readonly run: "up"; readonly grow?: boolean }
  /** Takes everything down, whatever has traffic. */
  | { readonly run: "down" }
  | { readonly run: "claim"; readonly color: Color; readonly now?: boolean }
  | { readonly run: "unlock" }
  /** A plain `pulumi up` on the router's stack with what a checkout's file says. */
  | { readonly run: "obey"; readonly color: Color | null; readonly generation?: number }
  /** A plain `pulumi up` on a color's stack. */
  | { readonly run: "obey color"; readonly color: Color; readonly version: string };

export { times };

export interface Actor {
  /** Default `ci-1`. */
  readonly host?: string;
  /** What the checkout's settings add to a release's digest. */
  readonly releaseSettings?: string;
  /** Release whose settings are checked out where none is deployed; default the one that serves. */
  readonly checkout?: string;
}

const lockMs = 2_000;

export class World {
  readonly state: WorldState;
  readonly behaviours: Behaviours;
  readonly plane: DataPlane;
  readonly schedule: Schedule;
  /** What the loops of all commands have told. */
  readonly told: Event[] = [];
  /** Time from a flip until it is seen in the data plane. */
  servedAfterMs = 0;
  /** While true, a switch takes no effect in the data plane; of a color: only one to it. */
  switchFails: boolean | Color = false;
  /** The color that answers every request after a switch with an error. */
  answersErrors: Color | null = null;
  /** While true, the router can't be set back after such a switch. */
  setBackFails = false;
  /** Why the engine can't return traffic, and from then on can't be asked; null: it can. */
  noWayBack: { readonly error: BlueGreenError; readonly unreadable: boolean } | null = null;
  /** While true, the router can't be written past the engine. */
  directFails = false;
  /** The engine ends after so many further steps of its own; null: it doesn't. */
  engineSteps: number | null = null;

  constructor(behaviours: Behaviours = {}, state: WorldState = newState()) {
    this.state = state;
    this.behaviours = behaviours;
    this.plane = new DataPlane(state, behaviours);
    this.schedule = new Schedule(state, () => {
      this.plane.serve();
      checkState(state, behaviours);
    });
  }

  /** A copy to go on from; only between commands. */
  fork(): World {
    return new World(this.behaviours, structuredClone(this.state));
  }

  get active(): Color | null {
    return activeOf(servedWeights(this.state));
  }

  /** Version of the release that has the traffic. */
  get serving(): string | null {
    return this.active && (this.state.fills[this.active]?.release.version ?? null);
  }

  get record() {
    return storedRecord(this.state);
  }

  /** False once the engine has ended as it was to. */
  get engineLives(): boolean {
    return this.engineSteps !== null;
  }

  engineDies(): boolean {
    if (this.engineSteps === null) return false;
    this.engineSteps -= 1;
    if (this.engineSteps > 0) return false;
    this.engineSteps = null;
    return true;
  }

  pass(ms: number): void {
    this.state.nowMs += ms;
    this.plane.serve();
  }

  /** Nothing runs any more; stacks stay. */
  reboot(): void {
    this.state.routes = null;
    for (const color of colors) this.state.fills[color] = null;
  }

  /** Starts a command in a process of its own; it stands still before its first step. */
  start(command: Command, actor: Actor = {}): Task {
    const { host = "ci-1" } = actor;
    this.state.next += 1;
    const pid = this.state.next;
    const owner: Owner = { user: "dev", host, pid, started: `start of ${pid}` };
    const process = { name: `${command.run} ${pid}`, owner, alive: true, interrupted: false };
    this.state.processes.push(process);
    return this.schedule.start(process, command.run, () =>
      new Run(this, process, actor).command(command),
    );
  }

  /** Runs a command until it has got to this point, and kills it there. */
  async runUntilKilled(command: Command, point: string): Promise<void> {
    const task = this.start(command);
    const { process } = task;
    while (!this.state.trace.includes(`${process.name}: ${point}`)) {
      assert(task.outcome === null, `${command.run} ended before: ${point}`);
      await this.schedule.run([task], { steps: 1 });
    }
    this.schedule.kill(process);
  }

  /** Runs a command to its end with nobody else around. */
  async run(command: Command, actor: Actor = {}): Promise<Task> {
    const task = this.start(command, actor);
    await this.schedule.run([task]);
    return task;
  }
}

/** One command in one process. */
class Run {
  readonly #world: World;
  readonly #process: SimulatedProcess;
  readonly #releaseSettings: string;
  readonly #checkout: string | undefined;

  constructor(
    world: World,
    process: SimulatedProcess,
    { releaseSettings = "s1", checkout }: Actor,
  ) {
    this.#world = world;
    this.#process = process;
    this.#releaseSettings = releaseSettings;
    this.#checkout = checkout;
  }

  async command(command: Command): Promise<string> {
    switch (command.run) {
      case "deploy":
        return this.#deploy(command.version, command.replace === true);
      case "approve": {
        const permit = { reason: "looks good" };
        return this.#pursue({ kind: "Deploy", version: null, digest: null, permit });
      }
      case "switch":
        return this.#pursue({ kind: "SwitchTo", color: command.color, bake: command.bake });
      case "rollback":
        return this.#rollBack(command.now === true);
      case "rollback direct":
        return this.#rollBackDirectly(null);
      case "retire":
        return this.#retire(command);
      case "contract":
        return this.#pursue({ kind: "Contract" });
      case "abort":
        return this.#once({
          kind: "Abort",
          reason: "asked for",
          rolloutId: null,
          untouched: false,
        });
      case "up":
        return this.#bringUp(command.grow === true);
      case "down":
        return this.#takeDown();
      case "claim":
        return this.#claim(command.color, command.now === true);
      case "unlock":
        return this.#unlock();
      case "obey":
        return this.#obey({
          activeColor: command.color ?? "none",
          ...(command.generation === undefined ? {} : { generation: String(command.generation) }),
        });
      case "obey color":
        return this.#obeyColor(command.color, command.version);
    }
  }

  #engine(settings: Settings): SimulatedEngine {
    const { state, plane, schedule } = this.#world;
    return new SimulatedEngine({
      state,
      plane,
      process: this.#process,
      settings,
      releaseSettings: this.#releaseSettings,
      pause: (point, ms) => schedule.pause(this.#process, point, ms),
      servedAfterMs: () => this.#world.servedAfterMs,
      switchFails: (color) => [true, color].includes(this.#world.switchFails),
      answersErrors: (color) => this.#world.answersErrors === color,
      setBackFails: () => this.#world.setBackFails,
      refuses: ({ context }) =>
        context.request?.kind === "RollBack" ? (this.#world.noWayBack?.error ?? null) : null,
      unreadable: () => this.#unreadable(),
      engineDies: () => this.#world.engineDies(),
    });
  }

  /** Once a new release has traffic. */
  #unreadable(): BlueGreenError | null {
    const { noWayBack, record } = this.#world;
    const moved = record.rollout?.phase === "shift" || record.rollout?.phase === "bake";
    return noWayBack?.unreadable && moved ? noWayBack.error : null;
  }

  /** The real environment on the simulated engine. */
  #environment(settings: Settings = settingsOf({})): PulumiEnvironment {
    const { plane, state, schedule } = this.#world;
    const platform: Partial<Platform> = {
      read: ({ colors: outputs }) => Promise.resolve(plane.read(outputs)),
      sweep: (_settings, color) => {
        plane.setFill(color, null);
        return Promise.resolve(null);
      },
    };
    return new PulumiEnvironment({
      engine: this.#engine(settings),
      settings,
      platform: platform as Platform,
      lockMs,
      clock: schedule.clockOf(this.#process),
      takeOverLock: (stack) => Promise.resolve(takeOverDeadLock(state, this.#process, stack)),
      onEvent: () => undefined,
    });
  }

  async #deploy(named: string | null, replace: boolean): Promise<string> {
    const environment = this.#environment();
    const { record } = await environment.observe({ fresh: true });
    const version = versionToDeploy(record, { named, configured: "1" });
    const digest = version === null ? null : digestOf(version, this.#releaseSettings);
    return this.#pursue({ kind: "Deploy", version, digest, replace }, environment);
  }

  async #retire(command: Extract<Command, { run: "retire" }>): Promise<string> {
    const { now: force, overrideFailing = null } = command;
    const environment = this.#environment();
    const { record } = await environment.observe({ fresh: true });
    const color = record.retiring ?? idleColor(record);
    return this.#pursue({ kind: "RetireIdle", color, force, overrideFailing }, environment);
  }

  /** Through the engine, or past it where the lock isn't to be had. */
  async #rollBack(now: boolean): Promise<string> {
    try {
      return await this.#pursue({
        kind: "RollBackNow",
        reason: "asked for",
        pin: false,
        grow: !now,
      });
    } catch (error) {
      if (!(error instanceof BlueGreenError) || error.code !== "STACK_LOCKED") throw error;
      return this.#rollBackDirectly(await this.#environment().observe({ fresh: true }));
    }
  }

  async #rollBackDirectly(view: Observed | null): Promise<string> {
    const { plane, schedule } = this.#world;
    await schedule.pause(this.#process, "goes direct");
    const reading = plane.read(perColor(() => null));
    const { blue = 0, green = 0 } = reading.weights ?? {};
    if (blue + green === 0) throw new BlueGreenError("NOTHING_TO_ROLL_BACK", "inactive");
    if (reading.mark && !reading.mark.setBack) {
      return `${blue === 100 ? "blue" : "green"} is active again already`;
    }
    const to = view ? formerColor(view.record) : reading.former;
    if (!to || (reading.weights !== null && hasAll(reading.weights, to))) {
      throw new BlueGreenError("NOTHING_TO_ROLL_BACK", "nowhere");
    }
    const asked = { to, reading, view, reason: "asked for", by: "dev", pin: false };
    await flipDirectly(this.#router(), asked);
    return `${to} is active again`;
  }

  #router(): Written {
    return routerOf(this.#world, this.#process, settingsOf({}));
  }

  async #once(request: Request, environment: Environment = this.#environment()): Promise<string> {
    await environment.observe({ fresh: true });
    await environment.updateRouter(request);
    return request.kind;
  }

  #claim(color: Color, force: boolean): Promise<string> {
    return reserveByHand(this.#session(), { color, owner: this.#process.owner, force });
  }

  async #bringUp(grow: boolean): Promise<string> {
    await bringUp(this.#session(), () => Promise.resolve(), { grow });
    return "everything is up";
  }

  async #takeDown(): Promise<string> {
    const context: Partial<CommandContext> = {
      openSession: () => Promise.resolve(this.#session()),
      options: { stack: "dev", cwd: "", json: false, yes: true, color: false, verbose: false },
    };
    await takeDown(context as CommandContext, { stopServing: true });
    return "everything is gone";
  }

  /** As much of a session as the commands need that run on it. */
  #session(): Session {
    const settings = settingsOf({});
    const platform: Partial<Platform> = { url: () => "http://simulated" };
    const session: Partial<Session> = {
      environment: this.#environment(settings),
      settings,
      settingsFile: "/simulated/Pulumi.dev.yaml",
      platform: platform as Platform,
      restoreStates: () => Promise.resolve(),
      boundary: () => undefined,
      on: () => undefined,
    };
    return session as Session;
  }

  /** A person has looked at the locks of dead processes, whatever their host, and freed them. */
  async #unlock(): Promise<string> {
    const { state, schedule } = this.#world;
    await schedule.pause(this.#process, "frees locks");
    for (const stack of [state.router, state.colors.blue, state.colors.green]) {
      const holder = state.processes.find(({ owner }) => owner.pid === stack.lockedBy);
      if (holder && !holder.alive) stack.lockedBy = null;
    }
    return "locks are free";
  }

  async #obey(file: Readonly<Record<string, string>>): Promise<string> {
    const settings = settingsOf(file);
    const role = { environment: settings.environment, color: null };
    await this.#engine(settings).run({ role, operation: "up", context: {}, message: "" });
    return "obeyed";
  }

  async #obeyColor(color: Color, version: string): Promise<string> {
    const settings = settingsOf({ version });
    const role = { environment: settings.environment, color };
    const engine = this.#engine(settings);
    await engine.ensureStack(role);
    await engine.run({ role, operation: "up", context: {}, message: "" });
    return "obeyed";
  }

  async #pursue(goal: Goal, environment: Environment = this.#environment()): Promise<string> {
    const { state, schedule } = this.#world;
    const clock = schedule.clockOf(this.#process);
    const bake = new RouterBake({
      settings: bakingFor(state.bakeMs),
      clock,
      read: () => environment.read(),
      on: () => undefined,
      formerFails: () => Promise.resolve(this.#world.plane.formerFails()),
      answers: () => Promise.resolve(false),
      interrupted: () => this.#process.interrupted,
    });
    const ports: Ports = {
      environment: {
        observe: async (options) => {
          const view = await environment.observe(options);
          bake.begin(view);
          return view;
        },
        read: () => environment.read(),
        updateRouter: (request) => environment.updateRouter(request),
        updateColor: (color, request) => environment.updateColor(color, request),
        emptyColor: (color) => environment.emptyColor(color),
      },
      checks: simulatedChecks(this.#world, this.#process),
      hooks: simulatedHooks(this.#world, this.#process),
      migrations: simulatedMigrations(this.#world, this.#process),
      bake,
      direct: directWay(this.#router()),
      clock,
      on: (event) => this.#world.told.push(event),
      interrupted: () => this.#process.interrupted,
      boundary: () => undefined,
    };
    state.next += 1;
    const { owner } = this.#process;
    const self = {
      owner,
      rolloutId: `r-${state.next}`,
      isDead: ({ host, pid }: Owner) =>
        host === owner.host &&
        !state.processes.some((each) => each.owner.pid === pid && each.alive),
    };
    const policy = {
      claimMs: times.claimMs,
      rollbackWindowMs: times.windowMs,
      quietMs: 1_000,
      size: 2,
      gate: state.gate,
      gateMs: times.gateMs,
      bakeMs: times.bakeMs,
      ...this.#migrations(goal),
      hooks: state.hooks,
      steps: state.steps,
      warm: state.warm,
    };
    return reconcile({ goal, policy, self, ports });
  }

  /** What the checkout says of the database: that of the release which is meant, or serves. */
  #migrations(goal: Goal): Pick<Policy, "migrations"> {
    const { plane, record, serving } = this.#world;
    const open = record.rollout?.phase === "hold" ? null : record.rollout;
    const deploys = goal.kind === "Deploy" ? (goal.version ?? open?.version) : null;
    const version = deploys ?? this.#checkout ?? serving ?? "";
    const { migrations } = plane.behaviourOf({ version, digest: "" });
    return migrations ? { migrations } : {};
  }
}

export function isWhole(state: WorldState) {
  return perColor((color) => state.fills[color]?.whole === true);
}
