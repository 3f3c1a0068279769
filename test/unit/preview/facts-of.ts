/** Facts for tests of previews: blue serves release 1, green holds release 2, all is well. */

import { BlueGreenError } from "../../../infra/errors.ts";
import type { ErrorCode } from "../../../infra/errors.ts";
import type { ProgramEvent } from "../../../infra/context.ts";
import type { Color, ColorOutputs, RouterRecord } from "../../../infra/model.ts";
import { emptyRecord, perColor, recordSchema, weightsOf } from "../../../infra/model.ts";
import type { Observed } from "../../../infra/observation.ts";
import type { Deploy, Policy, SwitchTo } from "../../../automation/rollout/goal.ts";
import type { PreviewFacts, StackFacts } from "../../../automation/preview/facts.ts";
import { simulate } from "../../../automation/preview/simulation.ts";
import type { Simulation } from "../../../automation/preview/simulation.ts";

export const nowMs = Date.parse("2030-05-01T12:00:00.000Z");

export function outputsOf(color: Color, version: string, size = 2): ColorOutputs {
  return {
    schema: recordSchema,
    color,
    release: { version, digest: `sha256:${version.repeat(12)}` },
    addresses: ["127.0.0.1:1001"],
    rolloutId: `r-${version}`,
    size,
    given: false,
    spec: { env: { TOKEN: "top-secret-value" } },
  };
}

export const servedByBlue: RouterRecord = {
  ...emptyRecord,
  activeColor: "blue",
  weights: weightsOf("blue"),
  declared: "blue",
  generation: 4,
};

export function viewOf(change: Partial<Observed> = {}): Observed {
  const record = change.record ?? servedByBlue;
  const colors = change.colors ?? { blue: outputsOf("blue", "1"), green: outputsOf("green", "2") };
  return {
    environment: "dev",
    stored: record,
    record,
    drift: { kind: "none" },
    reading: {
      weights: record.weights,
      generation: record.generation,
      rolloutId: null,
      mark: null,
      former: null,
      attached: perColor((color) => colors[color]?.addresses ?? []),
      targets: perColor((color) => {
        const total = colors[color]?.size ?? 0;
        return { ready: total, total, problems: [], crashLoop: false, reachable: true };
      }),
      traffic: { kind: "unknown" },
      settlesInMs: 0,
      problems: [],
    },
    colors,
    nowMs,
    rollbackWindowMs: 1_800_000,
    frozen: null,
    ...change,
  };
}

export function stackOf(stack: string, change: Partial<StackFacts> = {}): StackFacts {
  return { stack, exists: true, events: [], changes: [], error: null, ...change };
}

/** The record after a person's switch, as the program plans it. */
export function planned(color: Color, record = servedByBlue): ProgramEvent {
  const { generation } = record;
  return {
    kind: "Planned",
    record: {
      ...record,
      activeColor: color,
      declared: color,
      weights: weightsOf(color),
      generation: generation + 1,
    },
  };
}

export function factsOf(change: Partial<PreviewFacts> = {}): PreviewFacts {
  return {
    asked: { kind: "file" },
    environment: "dev",
    platform: "local",
    settingsFile: "Pulumi.dev.yaml",
    file: { activeColor: "blue", generation: 4 },
    view: viewOf(),
    router: stackOf("dev", { events: [{ kind: "Planned", record: servedByBlue }] }),
    colors: { blue: null, green: null },
    simulation: null,
    checks: 2,
    bakeMs: 30_000,
    rollbackWindowMs: 1_800_000,
    measured: {},
    cost: "costs nothing",
    notes: [],
    hidden: [],
    sqlRefusal: null,
    ...change,
  };
}

const owner = { user: "ann", host: "here", pid: 7, started: "then" };

export function simulated(
  goal: Deploy | SwitchTo,
  view = viewOf(),
  steps: Policy["steps"] = [],
  hooks: Policy["hooks"] = [],
): Simulation {
  return simulate({
    goal,
    policy: {
      claimMs: 60_000,
      rollbackWindowMs: 1_800_000,
      quietMs: 0,
      size: 2,
      gate: "automatic",
      gateMs: 86_400_000,
      hooks,
      steps,
    },
    self: { owner, rolloutId: "r-preview", isDead: () => false },
    view,
    file: { declared: { activeColor: "blue", generation: 4 }, name: "Pulumi.dev.yaml" },
  });
}

export function switchTo(color: Color): SwitchTo {
  return { kind: "SwitchTo", color, bake: true };
}

export function deploy(version: string): Deploy {
  return { kind: "Deploy", version, digest: `sha256:${version.repeat(12)}` };
}

export function refusal(code: ErrorCode, message: string, details: readonly string[] = []) {
  return new BlueGreenError(code, message, { hint: "do something about it", details });
}

/** A preview of the file that asks for green, which isn't healthy. */
export function refusedFacts(message = "green has 0 of 2 instances ready"): PreviewFacts {
  const error = refusal("COLOR_UNHEALTHY", message, ["instance 1: exited with code 1"]);
  const events: readonly ProgramEvent[] = [
    planned("green"),
    { kind: "Guarded", color: "green", result: { kind: "refused", error } },
    { kind: "Refused", error },
  ];
  return factsOf({
    file: { activeColor: "green", generation: 4 },
    router: stackOf("dev", { events, error }),
  });
}

/** A deploy of release 3 by the driver, into a color whose stack doesn't exist yet. */
export function deployFacts(): PreviewFacts {
  const view = viewOf({ colors: { blue: outputsOf("blue", "1"), green: null } });
  return factsOf({
    asked: { kind: "deploy", version: "3" },
    view,
    simulation: simulated(deploy("3"), view),
    router: stackOf("dev", {
      changes: [
        {
          operation: "update",
          type: "bluegreen-core:index:Record",
          name: "dev-record",
          fields: ["record.generation"],
        },
        {
          operation: "update",
          type: "bluegreen-core:local:Route",
          name: "dev-route",
          fields: ["weights.blue", "weights.green"],
        },
      ],
    }),
    colors: {
      blue: null,
      green: stackOf("dev-green", {
        exists: false,
        changes: [
          { operation: "create", type: "pulumi:pulumi:Stack", name: "shop-dev-green", fields: [] },
          {
            operation: "create",
            type: "bluegreen-core:local:Instances",
            name: "dev-green-instances",
            fields: [],
          },
        ],
      }),
    },
    measured: { provision: [4_000, 2_000, 3_000], switch: [700] },
  });
}
