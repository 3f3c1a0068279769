/** What the loop may do next; imperative, sets and never toggles. Data only. */

import type { BlueGreenError } from "../../infra/errors.ts";
import type { HookStage } from "../../infra/hook-stages.ts";
import type {
  Cohort,
  Color,
  DirectMark,
  MigrationStep,
  Phase,
  Weights,
} from "../../infra/model.ts";
import { formatShare, formatWeights, otherColor, perColor } from "../../infra/model.ts";
import { describeStep } from "../../infra/rules/migration.ts";
import type {
  ClaimColor,
  ColorRequest,
  Request,
  Retire,
  RollBack,
  Switch,
} from "../../infra/rules/request.ts";

export type Action =
  /** One update of the router's stack; `as` says what it is for, where its request doesn't. */
  | { readonly kind: "Update"; readonly request: Request; readonly as?: string }
  /** Fill the idle color. */
  | {
      readonly kind: "Provision";
      readonly color: Color;
      readonly version: string;
      readonly rolloutId: string;
      readonly size: number;
    }
  /** Fewer instances of the former color, as the hold of the rollout says. */
  | {
      readonly kind: "Shrink";
      readonly color: Color;
      readonly from: number;
      readonly size: number;
      readonly rolloutId: string;
    }
  /** As many instances as the whole traffic needs. */
  | {
      readonly kind: "Grow";
      readonly color: Color;
      readonly from: number;
      readonly size: number;
    }
  /** Run a step that changes the database's schema; without a rollout it is a contract. */
  | RunMigration
  | { readonly kind: "Check"; readonly color: Color }
  /** Run the user's hooks of a stage, one after the other. */
  | RunHooks
  /** Judge the color that has all traffic until there is a verdict or the bake is over. */
  | { readonly kind: "Judge"; readonly color: Color; readonly sinceMs: number }
  /** Judge the active color once more, for a short time, before its way back is given up. */
  | { readonly kind: "JudgeAgain"; readonly color: Color; readonly idle: Color }
  /** Judge the color that shares the traffic until it fails or its step is over. */
  | WatchStep
  /** Traffic back past the engine, which can't do it. */
  | { readonly kind: "FlipBack"; readonly to: Color; readonly request: RollBack }
  /** Empty a retiring color's stack. */
  | { readonly kind: "Empty"; readonly color: Color }
  /** Until the color has no open request any more, and not longer than `ms`. */
  | Draining
  | { readonly kind: "Finish"; readonly sentence: string }
  | { readonly kind: "Fail"; readonly error: BlueGreenError };

export interface RunMigration {
  readonly kind: "Migrate";
  readonly step: MigrationStep;
  readonly rolloutId: string | null;
}

export interface Draining {
  readonly kind: "Drain";
  readonly color: Color;
  /** More than 0. */
  readonly ms: number;
}

export interface RunHooks {
  readonly kind: "RunHooks";
  readonly stage: HookStage;
  readonly subject: HookSubject;
  /** Since when the color has all traffic, and is judged while they run; absent: it isn't. */
  readonly sinceMs?: number;
}

/** What hooks are told of. */
export interface HookSubject {
  /** Id of the rollout; before and after a color is emptied, one of its own for that. */
  readonly id: string;
  /** The color that is to get the traffic, or has got it; the one that is emptied. */
  readonly color: Color;
  /** The color that had the traffic before; null at a first release, and where none gets any. */
  readonly former: Color | null;
  /** Version of the color's release; empty where it isn't known any more. */
  readonly version: string;
  /** Null until the color is filled, and where it isn't known any more. */
  readonly digest: string | null;
  /** Null where no rollout is open. */
  readonly phase: Phase | null;
}

export interface WatchStep {
  readonly kind: "Watch";
  readonly color: Color;
  /** The color that has the rest. */
  readonly former: Color;
  readonly sinceMs: number;
  /** Its share of the traffic in percent. */
  readonly weight: number;
  /** Its cohorts, whatever the share; absent: none. */
  readonly groups?: readonly Cohort[] | undefined;
  readonly forMs: number;
  /** Which step it is, from 1 on, and of how many. */
  readonly step: number;
  readonly steps: number;
}

/** The weights of a step: the former color has the rest. */
export function weightsTo(step: Pick<WatchStep, "color" | "weight" | "groups">): Weights {
  const { color, weight, groups = [] } = step;
  const shares = perColor((each) => (each === color ? weight : 100 - weight));
  return groups.length === 0 ? shares : { ...shares, cohorts: { color, groups } };
}

/** What a `Keep` does where there is no router yet. */
export const makeRouter = "make the router";

/** Everything as the record says, for the reason that is named. */
export function keep(as: string): Action {
  return { kind: "Update", request: { kind: "Keep" }, as };
}

/** The words of an action for progress, history messages and tests. */
export function describeAction(action: Action): string {
  switch (action.kind) {
    case "Update":
      return action.as ?? describeRequest(action.request);
    case "Provision":
      return `provision ${action.color} with ${action.version}`;
    case "Shrink":
      return `shrink ${action.color} from ${action.from} to ${action.size} instances`;
    case "Grow":
      return `grow ${action.color} from ${action.from} to ${action.size} instances`;
    case "Migrate":
      return describeStep(action.step);
    case "Check":
      return `check ${action.color}`;
    case "RunHooks":
      return `run the hooks of ${action.stage}${whileBaking(action)}`;
    case "Judge":
      return `bake ${action.color}`;
    case "JudgeAgain":
      return `judge ${action.color} once more`;
    case "Watch":
      return `watch ${action.color} at ${formatShare(weightsTo(action), action.color)}`;
    case "FlipBack":
      return `direct flip to ${action.to}: ${action.request.reason}`;
    case "Empty":
      return `empty ${action.color}`;
    case "Drain":
      return `drain ${action.color}, for at most ${Math.ceil(action.ms / 1_000)} s`;
    case "Finish":
      return action.sentence;
    case "Fail":
      return action.error.message;
  }
}

function whileBaking({ sinceMs, subject }: RunHooks): string {
  return sinceMs === undefined ? "" : ` while ${subject.color} bakes`;
}

/** What the first update after a direct rollback says in its history: nothing else tells of that. */
export function describeTakeOver({ by, at, reason }: DirectMark): string {
  return `take over a direct rollback by ${by} at ${at}: ${reason}`;
}

/** One line for `pulumi stack history`. */
export function describeRequest(request: Request): string {
  switch (request.kind) {
    case "Obey":
      return "obey the settings file";
    case "Keep":
      return "keep everything as it is";
    case "Claim":
      return `claim ${request.color} for ${request.version} (${request.rolloutId})`;
    case "Attach":
      return `attach the idle color at weight 0 (${request.rolloutId})`;
    case "Wait":
      return `wait for permission (${request.rolloutId})`;
    case "Shift":
      return `shift to ${formatWeights(request.weights)}`;
    case "Switch":
      return `switch${toColor(request.start)} (${request.rolloutId})${permittedBy(request)}`;
    case "Hold":
      return request.rollbackUntil === null
        ? "hold: there is no former color to keep"
        : `hold the former color until ${request.rollbackUntil}`;
    case "RollBack":
      return `roll back: ${request.reason}`;
    case "Abort":
      return `abort: ${request.reason}`;
    case "Retire":
      return `detach ${request.color} for good${unjudged(request)}`;
    case "Retired":
      return `${request.color} is empty`;
    case "BeginMigration":
      return `begin ${describeStep(request.step)}`;
    case "EndMigration":
      return `${describeStep(request.step)} is done`;
    case "StopMigration":
      return `${describeStep(request.step)} failed`;
    case "RecordSchema":
      return `record schema ${request.schema}`;
    case "Deactivate":
      return "stop serving";
    case "Pin":
      return `pin ${request.version}: ${request.reason}`;
    case "Unpin":
      return `unpin ${request.release}`;
  }
}

function permittedBy({ permission }: Switch): string {
  return permission ? `, permitted by ${permission.by}: ${permission.reason}` : "";
}

function unjudged({ color, overrideFailing: reason }: Retire): string {
  return reason === undefined ? "" : `, whether ${otherColor(color)} fails or not: ${reason}`;
}

function toColor(start: ClaimColor | null): string {
  return start ? ` to ${start.color}` : "";
}

/** What an update of a color's stack does, in words: for Pulumi's history. */
export function describeColorRequest(color: Color, request: ColorRequest): string {
  switch (request.kind) {
    case "Provision":
      return `fill ${color} with ${request.version} (${request.rolloutId})`;
    case "Keep":
      return request.size === null
        ? `keep ${color} as it is`
        : `grow ${color} to ${request.size} instances`;
    case "Shrink":
      return `shrink ${color} to ${request.size} instances (${request.rolloutId})`;
    case "Obey":
      return `fill ${color} by the settings file`;
    case "Empty":
      return `empty ${color}`;
  }
}
