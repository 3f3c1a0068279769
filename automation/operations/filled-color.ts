/** A color as it is now, for a command that judges what it holds and changes nothing. */

import { BlueGreenError } from "../../infra/errors.ts";
import type { Color, ColorOutputs, RouterRecord } from "../../infra/model.ts";
import type { Observed } from "../../infra/observation.ts";
import type { Platform } from "../../infra/platform.ts";
import { platformOf } from "../../infra/platforms/index.ts";
import { askStack } from "../adapters/pulumi-cli.ts";
import type { CommandContext } from "../command.ts";
import { openEngine } from "../engine/access.ts";
import { openProject } from "../project.ts";
import type { Project } from "../project.ts";
import type { Revealing } from "../release.ts";
import { observeStacks } from "../status/observe.ts";

export interface FilledColor {
  /** Secrets of its settings can be opened. */
  readonly project: Project & Revealing;
  readonly platform: Platform;
  readonly view: Observed;
  readonly color: Color;
  readonly outputs: ColorOutputs;
}

/**
 * `target` names the color by the record, which is null where there is no environment yet.
 * @throws COLOR_EMPTY, and what reading the stacks throws
 */
export async function openFilledColor(
  { options, aside }: Pick<CommandContext, "options" | "aside">,
  target: (record: RouterRecord | null) => Color,
): Promise<FilledColor> {
  const project = openProject({ ...options, reporter: aside });
  const { cli } = await openEngine(project, aside);
  const view = await observeStacks(project, cli);
  const color = target(view?.record ?? null);
  const outputs = view?.colors[color];
  if (!view || !outputs) {
    throw new BlueGreenError("COLOR_EMPTY", `${color} holds no release`, {
      hint: "fill it with `bluegreen deploy --version VERSION`",
    });
  }
  const engine = { cli: (args: readonly string[], stack: string) => askStack(cli, args, stack) };
  const platform = platformOf(project.settings);
  return { project: { ...project, engine }, platform, view, color, outputs };
}
