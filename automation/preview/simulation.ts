/** Runs a goal to its end in thought: the driver's own decisions, on a record that is imagined. */

import assert from "node:assert";
import { guardColor } from "../../infra/rules/color.ts";
import { BlueGreenError } from "../../infra/errors.ts";
import type { Declared } from "../../infra/rules/intent.ts";
import type { Baked, Color, ColorOutputs, RouterRecord } from "../../infra/model.ts";
import { schemaWith } from "../../infra/rules/record.ts";
import type { Observed } from "../../infra/observation.ts";
import type { ColorRequest, Request } from "../../infra/rules/request.ts";
import { applyRequest } from "../../infra/rules/transition.ts";
import { heldAfter } from "../../infra/rules/warm.ts";
import type { Action } from "../rollout/action.ts";
import { describeAction } from "../rollout/action.ts";
import { decide } from "../rollout/decide.ts";
import type { Deploy, Policy, Self, SwitchTo } from "../rollout/goal.ts";
import type { Memory } from "../rollout/memory.ts";
import { noMemory, updated } from "../rollout/memory.ts";
import type { StepKind } from "./expectation.ts";
import { stepKind } from "./expectation.ts";

export interface Start {
  readonly goal: Deploy | SwitchTo;
  readonly policy: Policy;
  readonly self: Self;
  readonly view: Observed;
  readonly file: { readonly declared: Declared; readonly name: string };
}

export interface Step {
  readonly kind: StepKind;
  readonly sentence: string;
  /** How long it lasts by the settings; absent where they don't say. */
  readonly ms?: number;
}

/** The idle color's update, and the record under whose claim it would run. */
export interface Provisioning {
  readonly color: Color;
  readonly request: Extract<ColorRequest, { kind: "Provision" }>;
  readonly record: RouterRecord;
  /** What it held is gone by then. */
  readonly emptied: boolean;
}

/** The update that moves all traffic, and the record that it starts from: before any has moved. */
export interface Flip {
  readonly request: Request;
  readonly color: Color;
  readonly record: RouterRecord;
  readonly next: RouterRecord;
}

export interface Simulation {
  readonly steps: readonly Step[];
  /** The router's stack is brought up before anything else. */
  readonly routerFirst: boolean;
  readonly provisioning: Provisioning | null;
  readonly flip: Flip | null;
  /** Why the driver would stop before any traffic moves; found without asking the engine. */
  readonly refusal: BlueGreenError | null;
  /** The record in the end. */
  readonly record: RouterRecord;
}

/** A rollout needs about ten actions. */
const maxActions = 60;

/** Assumes that checks and bake pass, and that whatever is filled becomes healthy. */
export function simulate(start: Start): Simulation {
  let state: State = { ...beginning, view: start.view };
  for (let count = 0; count < maxActions; count += 1) {
    const { view, memory } = state;
    const action = decide({ ...start, view, memory });
    if (action.kind === "Finish") return ended(state, null);
    if (action.kind === "Fail") return ended(state, action.error);
    try {
      state = imagine(start, state, action);
    } catch (error) {
      if (error instanceof BlueGreenError) return ended(state, error);
      throw error;
    }
  }
  assert.fail(`no end after ${maxActions} actions`);
}

interface State {
  readonly view: Observed;
  readonly memory: Memory;
  readonly steps: readonly Step[];
  readonly routerFirst: boolean;
  readonly provisioning: Provisioning | null;
  readonly flip: Flip | null;
  /** The record before the first step of a shift. */
  readonly unshifted: RouterRecord | null;
  readonly emptied: Color | null;
}

const beginning: Omit<State, "view"> = {
  memory: noMemory,
  steps: [],
  routerFirst: false,
  provisioning: null,
  flip: null,
  unshifted: null,
  emptied: null,
};

function ended(state: State, refusal: BlueGreenError | null): Simulation {
  const { steps, routerFirst, provisioning, flip, view } = state;
  return { steps, routerFirst, provisioning, flip, refusal, record: view.record };
}

function imagine(start: Start, before: State, action: Action): State {
  // How long that takes depends on the moment: no step of the plan.
  if (action.kind === "Drain") {
    return { ...before, memory: { ...before.memory, drained: action.color } };
  }
  const sentence = wordsOf(action, start.self.rolloutId);
  const lasts = action.kind === "Watch" ? { ms: action.forMs } : {};
  const step = { kind: stepKind(sentence), sentence, ...lasts };
  const state = { ...before, steps: [...before.steps, step] };
  const { view, memory } = state;
  switch (action.kind) {
    case "Update":
      return imagineUpdate(start, state, action.request);
    case "Provision":
      return imagineProvision(start, state, action);
    case "Shrink":
      return { ...imagineSize(state, action), memory: { ...memory, shrunk: true } };
    case "Grow":
      return { ...imagineSize(state, action), memory: { ...memory, grown: true } };
    case "Check": {
      const digest = view.colors[action.color]?.release.digest ?? "";
      return { ...state, memory: { ...memory, checked: { digest, verdict: "pass" } } };
    }
    case "RunHooks":
      return { ...state, memory: { ...memory, hooksDone: [...memory.hooksDone, action.stage] } };
    case "Watch":
      return {
        ...state,
        memory: { ...memory, stepped: action.weight, cohorts: action.groups?.length ?? 0 },
      };
    case "Migrate":
      return { ...state, memory: { ...memory, migrated: action.step } };
    case "Judge":
      return { ...state, memory: { ...memory, baked: imagined } };
    case "JudgeAgain":
      return { ...state, memory: { ...memory, judgedAgain: imagined } };
    case "Empty": {
      const colors = { ...view.colors, [action.color]: null };
      return { ...state, view: { ...view, colors }, emptied: action.color };
    }
    case "FlipBack":
    case "Finish":
    case "Fail":
      assert.fail("the simulation ends before a terminal action, and imagines no failure");
  }
}

const imagined: Baked = { verdict: "pass", sentence: "imagined" };

/** Without what isn't known before: the rollout's id, and when the window will end. */
function wordsOf(action: Action, rolloutId: string): string {
  const held =
    action.kind === "Update" && action.request.kind === "Hold" && action.request.rollbackUntil;
  return held ? "hold the former color" : describeAction(action).replace(` (${rolloutId})`, "");
}

/** @throws BlueGreenError with the refusal that the update would meet */
function imagineUpdate(start: Start, state: State, request: Request): State {
  const { view } = state;
  const { record: next, activation } = applyRequest(view, request, start.file);
  const kept = request.kind === "Keep";
  const reading = { ...view.reading, weights: next.weights, generation: next.generation };
  const { color = null } = activation ?? {};
  const shifts = request.kind === "Shift";
  const unshifted = state.unshifted ?? (shifts ? view.record : null);
  const flip = !shifts && color && { request, color, record: unshifted ?? view.record, next };
  return {
    ...state,
    view: { ...view, record: next, reading, drift: { kind: "none" } },
    memory: updated(state.memory, request),
    routerFirst: state.routerFirst || kept,
    flip: state.flip ?? (flip || null),
    unshifted,
  };
}

function imagineSize(state: State, action: Extract<Action, { kind: "Shrink" | "Grow" }>): State {
  const { view } = state;
  const { color, size } = action;
  const current = view.colors[color];
  if (!current) return state;
  const { record, reading } = view;
  const request =
    action.kind === "Shrink" ? action : ({ kind: "Keep", size: action.size } as const);
  const held = heldAfter({ record, current }, request, { digest: current.release.digest, size });
  const target = { ...reading.targets[color], ready: size, total: size };
  const targets = { ...reading.targets, [color]: target };
  const colors = { ...view.colors, [color]: { ...current, size, held } };
  return { ...state, view: { ...view, colors, reading: { ...reading, targets } } };
}

/** @throws BlueGreenError with the refusal that the color's update would meet */
function imagineProvision(
  { goal, policy }: Start,
  state: State,
  action: Extract<Action, { kind: "Provision" }>,
): State {
  const { view } = state;
  const { color, version, rolloutId, size } = action;
  const digest = (goal.kind === "Deploy" ? goal.digest : null) ?? unknownDigest;
  const request = { kind: "Provision", rolloutId, version, size } as const;
  const release = { version, digest };
  const { environment, record, nowMs } = view;
  const current = view.colors[color];
  guardColor({ color, environment, record, current, nowMs }, request, { release, size });
  const works = policy.migrations?.works ?? null;
  const filled: ColorOutputs = {
    schema: schemaWith(works),
    color,
    release,
    addresses: [],
    rolloutId,
    size,
    given: current?.given ?? false,
    works,
    spec: null,
  };
  const target = { ...view.reading.targets[color], ready: size, total: size, crashLoop: false };
  const targets = { ...view.reading.targets, [color]: target };
  return {
    ...state,
    provisioning: { color, request, record, emptied: state.emptied === color },
    view: {
      ...view,
      colors: { ...view.colors, [color]: filled },
      reading: { ...view.reading, targets },
    },
  };
}

/** Where the settings hold secrets of an environment that doesn't exist yet. */
export const unknownDigest = "unknown";
