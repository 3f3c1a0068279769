/** What the loop needs from outside; small, so that a test's stand-in can behave like the real. */

import { BlueGreenError } from "../infra/errors.ts";
import type { Baked, Color, RouterReading, Verdict } from "../infra/model.ts";
import type { Observed } from "../infra/observation.ts";
import type { ColorRequest, Request, RollBack } from "../infra/rules/request.ts";
import type { Clock } from "../infra/clock.ts";
import type { Event } from "./event.ts";
import type { WatchStep } from "./rollout/action.ts";
import type { RunHooks, RunMigration } from "./rollout/action.ts";
import type { HooksEnd } from "./rollout/hooks-end.ts";

export interface Look {
  /** Reads the stacks again; otherwise what this run saw or wrote last. */
  readonly fresh: boolean;
  /** The next look may be this one, if it follows soon and nothing was written between; default: not. */
  readonly ahead?: boolean;
  /** Traffic is to go back: stacks that can't be read in a few seconds aren't; default: not. */
  readonly hurried?: boolean;
}

/** The three stacks of an environment, and the data plane. */
export interface Environment {
  observe(options: Look): Promise<Observed>;
  /** The data plane only. */
  read(): Promise<RouterReading>;
  updateRouter(request: Request): Promise<void>;
  /** @throws NotBegun where nothing of the color was changed */
  updateColor(color: Color, request: ColorRequest): Promise<void>;
  /** Empties a retiring color's stack. */
  emptyColor(color: Color): Promise<void>;
}

export interface Checks {
  /** Runs every check on the color as it is now. */
  run(view: Observed, color: Color): Promise<Verdict>;
}

export interface Hooks {
  /**
   * Runs the user's hooks of a stage and tells what they said; never rejects for it.
   * @param stop ends them as a person's Ctrl-C does; default: nothing else ends them
   */
  run(view: Observed, due: RunHooks, stop?: AbortSignal): Promise<HooksEnd>;
}

/** What runs while a bake is judged. */
export interface Beside {
  /** Aborted once it has ended: until then the watch lasts, also past the end of the bake. */
  readonly ended: AbortSignal;
  /** Aborted once nobody waits for the verdict any more. */
  readonly stop: AbortSignal;
}

export interface Bake {
  /**
   * Watches until there is a verdict, the bake is over, or traffic has left the color.
   * @param beside default: nothing
   */
  judge(view: Observed, color: Color, sinceMs: number, beside?: Beside): Promise<Baked>;
  /** The same while the former color has the rest of the traffic, until the step is over. */
  judgeStep(view: Observed, step: WatchStep): Promise<Baked>;
  /**
   * One short look at the active color; only what fails now is a fail, whatever was before.
   * @param idle the color that is its way back
   */
  judgeAgain(view: Observed, color: Color, idle: Color): Promise<Baked>;
}

export interface Migrations {
  /**
   * Runs the user's program of a step and tells what it said.
   * @throws MIGRATION_FAILED
   */
  run(view: Observed, due: RunMigration): Promise<void>;
}

/** The way back past the engine. */
export interface DirectWay {
  /**
   * Sets the router to the color and leaves a mark for the next update to take over.
   * @throws ROLLBACK_IMPOSSIBLE, SWITCH_STUCK, and what the platform throws
   */
  flip(view: Observed, to: Color, request: RollBack): Promise<void>;
}

/** The update of a color ended before anything of it was changed; else as the error that ended it. */
export class NotBegun extends BlueGreenError {
  constructor({ code, message, details, hint, cause }: BlueGreenError) {
    super(code, message, { details, cause, ...(hint === undefined ? {} : { hint }) });
  }
}

export interface Ports {
  readonly environment: Environment;
  readonly checks: Checks;
  readonly hooks: Hooks;
  readonly bake: Bake;
  readonly migrations: Migrations;
  readonly direct: DirectWay;
  readonly clock: Clock;
  readonly on: (event: Event) => void;
  /** True once a person asked to stop: the loop ends after the step it is in. */
  readonly interrupted: () => boolean;
  /** Named boundaries of actions; a fault test ends the process there. */
  readonly boundary: (point: string) => void;
}
