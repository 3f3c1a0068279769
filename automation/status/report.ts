/** What `bluegreen status` tells, as one document: a pure fold of an observation. */

import type { Settings } from "../../infra/config.ts";
import { colors, perColor } from "../../infra/model.ts";
import type { Color, Instant, PerColor, Pin, Weights } from "../../infra/model.ts";
import type { Observed } from "../../infra/observation.ts";
import type { Frozen } from "../../infra/rules/freeze.ts";
import { instant } from "../../infra/rules/view.ts";
import type { Contents } from "../../infra/platform.ts";
import { databaseReport } from "./database.ts";
import type { DatabaseReport } from "./database.ts";
import { findDrift } from "./drift.ts";
import type { DriftReport } from "./drift.ts";
import { fillingOf, tellsOfThePast } from "./filling.ts";
import type { FillingReport } from "./filling.ts";
import { findProblems } from "./problems.ts";
import type { ProblemReport } from "./problems.ts";
import { rollbackOf } from "./rollback.ts";
import type { RollbackReport } from "./rollback.ts";
import { rolloutReport } from "./rollout.ts";
import { warmReport } from "./warm.ts";
import type { WarmReport } from "./warm.ts";
import type { RolloutReport } from "./rollout.ts";
import { shiftSteps } from "../rollout/shift-steps.ts";

/** Version of the document that `bluegreen status --json` prints. */
export const statusSchema = 1;

/**
 * `empty`: holds no release. `retiring`: is being drained and emptied. `filling`: is being filled.
 * `unfinished`: that ended before its end, so what it held before is gone.
 */
export type Role = "active" | "idle" | "retiring" | "empty" | "filling" | "unfinished";

export interface ColorReport {
  readonly role: Role;
  /** The release that it holds; null also while it is being filled, and where that didn't end. */
  readonly version: string | null;
  readonly digest: string | null;
  /** Number of instances that it shall have. */
  readonly size: number;
  /** Instances that are ready; null where they can't be reached from here. */
  readonly ready: number | null;
  /** Share of new requests in percent as served; as recorded while the router is silent. */
  readonly weight: number;
  /** Requests since the router started; null where they can't be counted, as the next three. */
  readonly requests: number | null;
  readonly errors: number | null;
  readonly open: number | null;
  readonly lastRequestAt: Instant | null;
  /** True where somebody else manages the instances. */
  readonly given: boolean;
  /** Null where it holds what its stack says, and nobody has claimed it. */
  readonly filling: FillingReport | null;
  /** Null where it is as large as it should be. */
  readonly warm: WarmReport | null;
}

export interface StatusReport {
  readonly schema: typeof statusSchema;
  readonly at: Instant;
  readonly environment: string;
  readonly project: string;
  readonly application: string | null;
  readonly platform: string;
  readonly url: string;
  /** False: nothing has been deployed here yet. */
  readonly exists: boolean;
  readonly activeColor: Color | null;
  readonly generation: number;
  readonly switchedAt: Instant | null;
  /** `served` is null while the router can't be asked. */
  readonly weights: { readonly recorded: Weights; readonly served: Weights | null };
  readonly colors: PerColor<ColorReport>;
  readonly rollout: RolloutReport | null;
  readonly rollback: RollbackReport;
  readonly database: DatabaseReport | null;
  /** Null while switches are allowed. */
  readonly frozen: Frozen | null;
  readonly pins: readonly Pin[];
  readonly drift: readonly DriftReport[];
  readonly problems: readonly ProblemReport[];
  /** What the platform says of where traffic is, beside the weights. */
  readonly remarks: readonly string[];
}

/** Everything that the report is made of. */
export interface StatusInput {
  readonly settings: Settings;
  /** Name of the settings file for messages. */
  readonly settingsName: string;
  readonly project: string;
  readonly application: string | null;
  readonly url: string;
  /** Null: nothing exists yet. */
  readonly view: Observed | null;
  /** As `RolloutReport.ownerGone`. */
  readonly ownerGone: boolean | null;
  /** As the platform has them; default none. */
  readonly remarks?: readonly string[];
  /** What colors say of themselves whose stacks can't be trusted; default nothing. */
  readonly contents?: Partial<PerColor<Contents | null>>;
  readonly nowMs: number;
}

export function statusOf(input: StatusInput): StatusReport {
  const { settings, project, application, url, view, ownerGone, nowMs } = input;
  const { environment, platform } = settings;
  const named = { schema: statusSchema, environment, project, application, platform, url } as const;
  const at = instant(nowMs);
  if (!view) return { ...named, ...nothing, at };
  const { record } = view;
  const { activeColor, generation, switchedAt } = record;
  const fillings = fillingsOf(view, input.contents);
  return {
    ...named,
    at,
    exists: true,
    activeColor,
    generation,
    switchedAt,
    weights: { recorded: view.stored.weights, served: view.reading.weights },
    colors: perColor((color) => ({
      ...colorReport(view, color, fillings[color]),
      warm: tellsOfThePast(fillings[color]) ? null : warmReport(view, color, settings),
    })),
    rollout: rolloutReport(view, {
      ownerGone,
      steps: shiftSteps(settings),
      synthetic: settings.bake.synthetic,
    }),
    rollback: rollbackOf(view, settings),
    database: databaseReport(view, settings),
    frozen: view.frozen,
    pins: record.pins.filter(({ until }) => until === null || Date.parse(until) > nowMs),
    drift: findDrift(view, { settings, name: input.settingsName }),
    problems: findProblems(view, { ownerGone, fillings }),
    remarks: input.remarks ?? [],
  };
}

const emptyColor: ColorReport = {
  role: "empty",
  version: null,
  digest: null,
  size: 0,
  ready: 0,
  weight: 0,
  requests: null,
  errors: null,
  open: null,
  lastRequestAt: null,
  given: false,
  filling: null,
  warm: null,
};

const nothing = {
  exists: false,
  activeColor: null,
  generation: 0,
  switchedAt: null,
  weights: { recorded: perColor(() => 0), served: null },
  colors: perColor(() => emptyColor),
  rollout: null,
  rollback: {
    possible: false,
    to: null,
    version: null,
    until: null,
    leftMs: null,
    sentence: "there is nothing to return to",
  },
  database: null,
  frozen: null,
  pins: [],
  drift: [],
  problems: [],
  remarks: [],
} as const;

export function fillingsOf(
  view: Observed,
  contents: StatusInput["contents"] = {},
): PerColor<FillingReport | null> {
  return perColor((color) => fillingOf(view, color, contents[color] ?? null));
}

function colorReport(
  { record, reading, colors: held }: Observed,
  color: Color,
  filling: FillingReport | null,
): ColorReport {
  // What a stack says of the past isn't there any more.
  const outputs = tellsOfThePast(filling) ? null : held[color];
  const weight = (reading.weights ?? record.weights)[color];
  const { traffic } = reading;
  const counted = traffic.kind === "counted" ? traffic.colors[color] : null;
  const target = reading.targets[color];
  return {
    ...emptyColor,
    role: roleOf(record, color, filling?.state ?? (outputs !== null ? "filled" : "empty")),
    filling,
    weight,
    ...(counted ?? {}),
    ...(outputs && {
      version: outputs.release.version,
      digest: outputs.release.digest,
      // One address of a component may stand before any number of instances.
      size: outputs.component ? target.total : outputs.size,
      ready: target.reachable ? target.ready : null,
      given: outputs.given,
    }),
  };
}

const roles = {
  filled: "idle",
  empty: "empty",
  filling: "filling",
  ended: "unfinished",
  claimed: "idle",
} as const;

function roleOf(
  { activeColor, retiring }: Observed["record"],
  color: Color,
  state: keyof typeof roles,
): Role {
  if (color === activeColor) return "active";
  return color === retiring ? "retiring" : roles[state];
}

/** Active first, then the other, so that a reader finds what serves in the same place. */
export function colorsByRole({ activeColor }: Pick<StatusReport, "activeColor">): readonly Color[] {
  return activeColor === "green" ? [...colors].reverse() : colors;
}
