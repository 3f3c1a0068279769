/** What the loop may do next; imperative, sets and never toggles. Data only. */

import type { BlueGreenError } from "../../infra/errors.ts";
import type { Color } from "../../infra/model.ts";
import type {
  ClaimColor,
  ColorRequest,
  Request,
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
  | { readonly kind: "Check"; readonly color: Color }
  /** Judge the color that has all traffic until there is a verdict or the bake is over. */
  | { readonly kind: "Judge"; readonly color: Color; readonly sinceMs: number }
  /** Traffic back past the engine, which can't do it. */
  | { readonly kind: "FlipBack"; readonly to: Color; readonly request: RollBack }
  /** Empty a retiring color's stack. */
  | { readonly kind: "Empty"; readonly color: Color }
  /** Until the color has no open request any more, and not longer than `ms`. */
  | Draining
  | { readonly kind: "Finish"; readonly sentence: string }
  | { readonly kind: "Fail"; readonly error: BlueGreenError };

export interface Draining {
  readonly kind: "Drain";
  readonly color: Color;
  /** More than 0. */
  readonly ms: number;
}

/** What a `Keep` does where there is no router yet. */
export const makeRouter = "make the router";

/** The words of an action for progress, history messages and tests. */
export function describeAction(action: Action): string {
  switch (action.kind) {
    case "Update":
      return action.as ?? describeRequest(action.request);
    case "Provision":
      return `provision ${action.color} with ${action.version}`;
    case "Check":
      return `check ${action.color}`;
    case "Judge":
      return `bake ${action.color}`;
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
      return `shift to blue ${request.weights.blue} / green ${request.weights.green}`;
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
      return `detach ${request.color} for good`;
    case "Retired":
      return `${request.color} is empty`;
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

function toColor(start: ClaimColor | null): string {
  return start ? ` to ${start.color}` : "";
}

/** What an update of a color's stack does, in words: for Pulumi's history. */
export function describeColorRequest(color: Color, request: ColorRequest): string {
  switch (request.kind) {
    case "Provision":
      return `fill ${color} with ${request.version} (${request.rolloutId})`;
    case "Keep":
      return `keep ${color} as it is`;
    case "Obey":
      return `fill ${color} by the settings file`;
    case "Empty":
      return `empty ${color}`;
  }
}
