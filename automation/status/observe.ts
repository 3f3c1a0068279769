/** Looks at an environment as fast as it can, and changes nothing. */

import { basename } from "node:path";
import { colors } from "../../infra/model.ts";
import type { Color } from "../../infra/model.ts";
import type { Observed, Outputs, StackOutputs } from "../../infra/observation.ts";
import type { Contents, Platform } from "../../infra/platform.ts";
import { isByHand } from "../../infra/rules/by-hand.ts";
import { isUnfinished } from "../../infra/rules/claim.ts";
import { stackName } from "../../infra/stack-role.ts";
import { readOutputs as readOutputsOf } from "../adapters/pulumi-cli.ts";
import type { CliTarget } from "../adapters/pulumi-cli.ts";
import { openEngine } from "../engine/access.ts";
import type { Reporter } from "../event.ts";
import { livenessOf } from "../owner.ts";
import type { Project, ReadProject } from "../project.ts";
import type { StatusInput, StatusReport } from "./report.ts";
import { statusOf } from "./report.ts";

export interface Look {
  readonly report: StatusReport;
  /** Looks again, without searching for the engine. */
  readonly again: () => Promise<Look>;
}

/** @throws what reading the stacks throws, RECORD_NEWER, RECORD_BROKEN */
export async function lookAtStatus(project: ReadProject, reporter: Reporter): Promise<Look> {
  const { application } = project;
  if (application === null) {
    const again = (): Promise<Look> => lookAtStatus(project, reporter);
    return { report: await reportOf(project, null), again };
  }
  const { cli } = await openEngine({ ...project, application }, reporter);
  return look({ ...project, application }, cli);
}

async function look(project: Project, cli: CliTarget): Promise<Look> {
  const view = await observeStacks(project, cli);
  return { report: await reportOf(project, view), again: () => look(project, cli) };
}

/** The stacks are read while the platform's code is loaded, which takes about as long. */
export async function observeStacks(
  { settings }: ReadProject,
  cli: CliTarget,
): Promise<Observed | null> {
  const [outputs, { platformOf }, { observe }] = await Promise.all([
    readOutputs(cli, settings.environment),
    import("../../infra/platforms/index.ts"),
    import("../../infra/observation.ts"),
  ]);
  if (outputs.router?.["schema"] === undefined) return null;
  return observe({ settings, platform: platformOf(settings), outputs, nowMs: Date.now() });
}

/** Secrets stay closed: a status needs none of them, and opening them takes time. */
async function readOutputs(cli: CliTarget, environment: string): Promise<StackOutputs> {
  const read = (color: Color | null): Promise<Outputs | null> =>
    readOutputsOf(cli, stackName({ environment, color }), { open: false });
  const [router, blue, green] = await Promise.all([read(null), read("blue"), read("green")]);
  return { router, colors: { blue, green } };
}

async function reportOf(project: ReadProject, view: Observed | null): Promise<StatusReport> {
  const { settings, settingsFile, application } = project;
  const { platformOf } = await import("../../infra/platforms/index.ts");
  const { owner = null, rolloutId = "" } = view?.record.claim ?? {};
  // A person's claim lasts longer than the command that made it.
  const liveness = owner && !isByHand(rolloutId) ? livenessOf(owner) : "unknown";
  const platform = platformOf(settings);
  return statusOf({
    settings,
    settingsName: basename(settingsFile),
    project: project.project,
    application,
    url: view?.reading.url ?? platform.url(settings),
    view,
    contents: await contentsOf(view, settings, platform),
    remarks: (view && platform.remarks?.(settings, view.reading)) ?? [],
    ownerGone: liveness === "unknown" ? null : liveness === "dead",
    nowMs: Date.now(),
  });
}

/** Asked only of colors whose stack tells of the past. */
export async function contentsOf(
  view: Observed | null,
  settings: ReadProject["settings"],
  platform: Pick<Platform, "contents">,
): Promise<NonNullable<StatusInput["contents"]>> {
  const asked = colors.filter(
    (color) => view !== null && isUnfinished(view.record, color, view.colors[color]),
  );
  const found = await Promise.all(
    asked.map(async (color): Promise<readonly [Color, Contents | null]> => {
      return [color, (await platform.contents?.(settings, color)) ?? null];
    }),
  );
  return Object.fromEntries(found);
}
