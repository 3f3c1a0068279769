/** What the driver hands the program, and what the program tells it; a hand-run up has neither. */

import type { BlueGreenError } from "./errors.ts";
import type { GuardResult } from "./rules/activation.ts";
import type { Color, ColorOutputs, RouterRecord } from "./model.ts";
import type { StackOutputs } from "./observation.ts";
import type { Drift } from "./rules/adoption.ts";
import type { ColorRequest, Request } from "./rules/request.ts";

export type ProgramEvent =
  /** Something that a person should know; a warning in a hand-run up. */
  | { readonly kind: "Noted"; readonly sentence: string }
  | { readonly kind: "Observed"; readonly record: RouterRecord; readonly drift: Drift }
  /** The record as it will be; once more when a flip was served, with the time of that. */
  | { readonly kind: "Planned"; readonly record: RouterRecord }
  /** All guards have let it pass: traffic is moved now. */
  | { readonly kind: "Flipping" }
  | { readonly kind: "Guarded"; readonly color: Color; readonly result: GuardResult }
  /** All guards have let it pass: the color is changed from now on. */
  | { readonly kind: "Changing" }
  /** A color runs, with all instances healthy. */
  | { readonly kind: "Filled"; readonly outputs: ColorOutputs }
  | { readonly kind: "Served"; readonly color: Color; readonly ms: number }
  | { readonly kind: "Refused"; readonly error: BlueGreenError };

export interface ProgramContext {
  /** Folder of Pulumi.yaml; default: as the engine says. */
  readonly root?: string;
  /** Default: obey the settings file. */
  readonly request?: Request;
  /** Default: the release of the settings file. */
  readonly colorRequest?: ColorRequest;
  readonly on?: (event: ProgramEvent) => void;
  /**
   * What the stacks put out, or will have put out by then; an update that isn't a preview reads them
   * itself. Lets a step be previewed whose former steps haven't happened.
   */
  readonly assumed?: StackOutputs;
  /** Why switches are allowed in a freeze; default: the variable, in a hand-run up. */
  readonly overrideFreeze?: string | null;
  /** Milliseconds since the epoch; default: the system's clock. */
  readonly now?: () => number;
}
