/** Updates of the colors' stacks: filled, brought back, emptied. */

import type { Settings } from "../../infra/config.ts";
import type { ProgramEvent } from "../../infra/context.ts";
import { BlueGreenError } from "../../infra/errors.ts";
import type { Color } from "../../infra/model.ts";
import type { Outputs } from "../../infra/observation.ts";
import type { Platform } from "../../infra/platform.ts";
import type { ColorRequest } from "../../infra/rules/request.ts";
import type { StackRole } from "../../infra/stack-role.ts";
import { stackName } from "../../infra/stack-role.ts";
import { EngineDied } from "../engine-died.ts";
import { NotBegun } from "../ports.ts";
import { describeColorRequest } from "../rollout/action.ts";
import type { Call } from "./engine.ts";

/** What the updates of an environment's stacks have in common. */
export interface Updates {
  readonly settings: Settings;
  readonly platform: Pick<Platform, "sweep">;
  readonly onEvent: (stack: string, event: ProgramEvent) => void;
  /** Makes the stack if it isn't there. */
  ensureStack(role: StackRole): Promise<void>;
  /** One update, under the stack's lock. */
  update(call: Call): Promise<void>;
  /** What a color's stack put out; null: there is no such stack, undefined: nobody looked yet. */
  known(color: Color): Outputs | null | undefined;
  remember(color: Color, outputs: Outputs): void;
}

/** How far the update of a color has come. */
interface Filling {
  begun: boolean;
  outputs: Outputs | null;
}

export class ColorUpdates {
  private readonly updates: Updates;

  constructor(updates: Updates) {
    this.updates = updates;
  }

  /** @throws NotBegun where the program didn't get as far as changing anything of the color */
  async update(color: Color, request: ColorRequest): Promise<void> {
    const filling: Filling = { begun: false, outputs: null };
    try {
      await this.ensure(color);
      await this.run(color, request, filling);
    } catch (error) {
      const known = error instanceof BlueGreenError && !(error instanceof EngineDied);
      throw known && !filling.begun ? new NotBegun(error) : error;
    }
    this.updates.remember(color, filling.outputs ?? {});
  }

  /** The color's stack, empty, if it isn't there: a person can fill it then. */
  async ensure(color: Color): Promise<void> {
    if (this.updates.known(color) !== null) return;
    await this.updates.ensureStack(this.roleOf(color));
    this.updates.remember(color, {});
  }

  /** Also ends what a killed update started and Pulumi doesn't know of. */
  async empty(color: Color): Promise<void> {
    const { settings, platform, onEvent } = this.updates;
    if (this.updates.known(color) === null) return;
    const role = this.roleOf(color);
    const stack = stackName(role);
    await this.updates.update({
      role,
      operation: "destroy",
      message: `empty ${color}`,
      context: {
        colorRequest: { kind: "Empty" },
        on: (event) => {
          onEvent(stack, event);
        },
      },
    });
    const goesOn = (await platform.sweep?.(settings, color)) ?? null;
    if (goesOn !== null) onEvent(stack, { kind: "Noted", sentence: goesOn });
    this.updates.remember(color, {});
  }

  private run(color: Color, request: ColorRequest, filling: Filling): Promise<void> {
    const { onEvent } = this.updates;
    const role = this.roleOf(color);
    return this.updates.update({
      role,
      operation: "up",
      message: describeColorRequest(color, request),
      refresh: request.kind === "Keep",
      context: {
        colorRequest: request,
        on: (event) => {
          filling.begun ||= event.kind === "Changing";
          if (event.kind === "Filled") filling.outputs = { ...event.outputs };
          onEvent(stackName(role), event);
        },
      },
    });
  }

  private roleOf(color: Color): StackRole {
    return { environment: this.updates.settings.environment, color };
  }
}
