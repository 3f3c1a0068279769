/**
 * Random sequences of requests from several people and jobs, some cut short between the flip and
 * the record: what must hold after each of them, whatever came before.
 */

import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { isFilledByHand } from "../../../infra/rules/by-hand.ts";
import { liveClaim } from "../../../infra/rules/claim.ts";
import { sameOwner } from "../../../infra/rules/owner.ts";
import { guardColor } from "../../../infra/rules/color.ts";
import { BlueGreenError } from "../../../infra/errors.ts";
import { guardActivation, guardRollback } from "../../../infra/rules/activation.ts";
import { colors, emptyRecord, otherColor, perColor } from "../../../infra/model.ts";
import type { Color, ColorOutputs, Owner, RouterRecord } from "../../../infra/model.ts";
import type { Routes } from "../../../infra/platform.ts";
import { adopt } from "../../../infra/rules/adoption.ts";
import type { ColorRequest, Request } from "../../../infra/rules/request.ts";
import { applyRequest, routesAfter } from "../../../infra/rules/transition.ts";
import type { View } from "../../../infra/rules/view.ts";
import { alice, bob, nowMs, outputsOf, readingOf } from "./views.ts";

// Pure, but much of it: a busy machine gets its time.
vi.setConfig({ testTimeout: 60_000 });

type Asked =
  Request | { readonly kind: "Color"; readonly color: Color; readonly asked: ColorRequest };

/** Half of the steps bring the rollout that is open forward, or begin one. */
const verbs = [
  ...Array.from({ length: 20 }, () => "Next"),
  ...["Claim", "Fill", "Fill", "Attach", "Attach", "Switch", "Switch", "Hold", "RollBack"],
  ...["Abort", "Retire", "Empty", "Retired", "Obey", "Keep", "Shift", "Deactivate", "FillByHand"],
];

/** One attempt of somebody; most name what is really open, some what they once knew. */
interface Step {
  readonly verb: string;
  readonly owner: Owner;
  readonly color: Color;
  readonly version: string;
  readonly id: string;
  /** True: takes `id` and `version` for what is open. */
  readonly confused: boolean;
  readonly switchNow: boolean;
  readonly share: number;
  readonly pin: boolean;
  /** The process dies after the router was written, before the record was. */
  readonly cut: boolean;
  readonly minutes: number;
}

/** Just enough of an environment to apply requests to: no time, no processes, no engine. */
class Environment {
  record: RouterRecord = emptyRecord;
  routes: Routes | null = null;
  outputs: Record<Color, ColorOutputs | null> = { blue: null, green: null };
  nowMs = nowMs;

  view(): View {
    const seen = readingOf(this.record, this.outputs);
    const reading = { ...seen, ...(this.routes ?? { weights: null }) };
    const { outputs, nowMs: at } = this;
    const now = new Date(at).toISOString();
    const { record, drift } = adopt({ record: this.record, reading, colors: outputs, now });
    const view = { record, drift, reading, colors: { ...outputs }, nowMs: at };
    return { environment: "dev", rollbackWindowMs: 600_000, frozen: null, ...view };
  }

  /** @throws BlueGreenError when it is refused; nothing has happened then */
  apply(request: Request, file: Color | null, cut: boolean): void {
    const view = this.view();
    const declared = { activeColor: file, generation: null };
    const done = applyRequest(view, request, { declared, name: "file" });
    const { activation } = done;
    if (activation) {
      const { color, expected, rollback } = activation;
      const result = rollback ? guardRollback(view, color) : guardActivation(view, color, expected);
      if (result.kind === "refused") throw result.error;
      if (result.kind === "pending") throw new BlueGreenError("COLOR_EMPTY", result.sentence);
    }
    this.routes = routesAfter(view, done);
    if (!cut) this.record = done.record;
  }

  update(color: Color, asked: ColorRequest, version: string): void {
    const view = this.view();
    const current = view.colors[color];
    const wanted =
      asked.kind === "Empty" ? null : { release: outputsOf(color, version).release, size: 2 };
    const { record, nowMs: at } = view;
    guardColor({ color, environment: "dev", record, current, nowMs: at }, asked, wanted);
    const rolloutId = asked.kind === "Provision" ? asked.rolloutId : "by-hand";
    const same = wanted && current?.release.digest === wanted.release.digest;
    const filled = outputsOf(
      color,
      version,
      same ? { rolloutId: current.rolloutId } : { rolloutId },
    );
    this.outputs[color] = wanted && filled;
  }
}

const aColor = fc.constantFrom<Color>("blue", "green");

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.record({
    verb: fc.constantFrom(...verbs),
    owner: fc.constantFrom<Owner>(alice, bob),
    color: aColor,
    version: fc.constantFrom("1", "2", "3"),
    id: fc.constantFrom("r-1", "r-2", "r-3", "by-hand"),
    confused: fc.nat(9).map((die) => die === 0),
    switchNow: fc.nat(3).map((die) => die === 0),
    share: fc.integer({ min: 1, max: 99 }),
    pin: fc.boolean(),
    cut: fc.nat(5).map((die) => die === 0),
    minutes: fc.constantFrom(0, 0, 0, 1, 25),
  }),
  { minLength: 20, maxLength: 80 },
);

function nextVerb({ record: { rollout }, colors: outputs }: View): string {
  if (rollout === null || rollout.phase === "hold") return "Claim";
  if (rollout.phase === "bake") return "Hold";
  if (rollout.phase !== "provision") return "Switch";
  return outputs[rollout.color]?.rolloutId === rollout.id ? "Attach" : "Fill";
}

/** The request that somebody who sees this environment would make of a step. */
function askedBy(step: Step, view: View): Asked {
  const { color, confused, owner, pin, share } = step;
  const { rollout, retiring, activeColor } = view.record;
  const open = confused ? null : rollout;
  const rolloutId = open?.id ?? step.id;
  const target = open?.color ?? color;
  const version = confused || !rollout ? step.version : rollout.version;
  const digest = view.colors[target]?.release.digest ?? `sha-${version}`;
  const until = new Date(view.nowMs + 20 * 60_000).toISOString();
  const idle = confused || !activeColor ? color : otherColor(activeColor);
  const claim = { kind: "Claim", rolloutId: step.id, color: idle, version: step.version } as const;
  const wish = { ...claim, owner, until, replaces: null, force: pin };
  switch (step.verb === "Next" ? nextVerb(view) : step.verb) {
    case "Claim":
      return { ...wish, rollout: "deploy" };
    case "Fill":
      return {
        kind: "Color",
        color: target,
        asked: { kind: "Provision", rolloutId, version, size: null },
      };
    case "FillByHand":
      return { kind: "Color", color, asked: { kind: "Obey" } };
    case "Empty":
      return { kind: "Color", color: retiring ?? color, asked: { kind: "Empty" } };
    case "Attach":
      return { kind: "Attach", rolloutId, digest };
    case "Switch": {
      const shared = { kind: "Switch", digest, holdUntil: null } as const;
      if (!step.switchNow) return { ...shared, rolloutId, start: null };
      const there = view.colors[idle]?.release.digest ?? digest;
      const start = { ...wish, rollout: "switch" } as const;
      return { ...shared, digest: there, rolloutId: step.id, start };
    }
    case "Shift": {
      const weights = perColor((each) => (each === target ? share : 100 - share));
      return { kind: "Shift", rolloutId, digest, weights };
    }
    case "Hold":
      return { kind: "Hold", rolloutId, baked: null, rollbackUntil: until };
    case "RollBack":
      return { kind: "RollBack", reason: "it fails", by: "bob", rolloutId: null, pin };
    case "Abort":
      return {
        kind: "Abort",
        reason: "no",
        rolloutId: confused ? step.id : null,
        untouched: false,
      };
    case "Retire":
      return { kind: "Retire", color: idle, force: pin };
    case "Retired":
      return { kind: "Retired", color: retiring ?? color };
    case "Deactivate":
      return { kind: step.confused ? "Deactivate" : "Keep" };
    default:
      return { kind: step.verb === "Obey" ? "Obey" : "Keep" };
  }
}

interface Attempt {
  readonly asked: Asked;
  readonly version: string;
  readonly cut: boolean;
}

/** False when it was refused. */
function take(environment: Environment, attempt: Attempt, file: Color | null): boolean {
  const { asked, version, cut } = attempt;
  try {
    if (asked.kind === "Color") environment.update(asked.color, asked.asked, version);
    else environment.apply(asked, file, cut);
    return true;
  } catch (error) {
    if (error instanceof BlueGreenError) return false;
    throw error;
  }
}

function snapshot({ record, routes, outputs }: Environment): string {
  return JSON.stringify([record, routes, outputs]);
}

interface Seen {
  readonly attempt: Attempt;
  readonly before: View;
  readonly after: View;
  readonly taken: boolean;
}

function eachStep(all: readonly Step[], file: Color | null, look: (seen: Seen) => void): void {
  const environment = new Environment();
  for (const step of all) {
    environment.nowMs += step.minutes * 60_000;
    const before = environment.view();
    const version = step.confused ? step.version : (before.record.rollout?.version ?? step.version);
    const attempt = { asked: askedBy(step, before), version, cut: step.cut };
    const former = snapshot(environment);
    const taken = take(environment, attempt, file);
    if (!taken) expect(snapshot(environment)).toBe(former);
    look({ attempt, before, after: environment.view(), taken });
  }
}

const file = fc.option(aColor, { freq: 3 });
const runs = { numRuns: 150 };

test("weights sum to 100 or 0, and only a deactivation stops traffic", () => {
  fc.assert(
    fc.property(steps, file, (all, wish) => {
      eachStep(all, wish, ({ attempt, before, after }) => {
        const { blue, green } = after.record.weights;
        expect([0, 100]).toContain(blue + green);
        const stopped = before.record.activeColor !== null && after.record.activeColor === null;
        if (stopped) expect(attempt.asked.kind).toBe("Deactivate");
      });
    }),
    runs,
  );
});

test("traffic is never on an empty, half-filled or retiring color, nor changed under it", () => {
  fc.assert(
    fc.property(steps, file, (all, wish) => {
      eachStep(all, wish, ({ before, after }) => {
        for (const color of colors.filter((each) => after.record.weights[each] > 0)) {
          expect(after.colors[color]).not.toBeNull();
          expect(after.reading.attached[color]).toEqual(after.colors[color]?.addresses);
          expect(after.record.retiring).not.toBe(color);
          if (before.record.weights[color] === 0) continue;
          expect(after.colors[color]?.release).toEqual(before.colors[color]?.release);
          expect(after.colors[color]?.size).toBeGreaterThanOrEqual(before.colors[color]?.size ?? 0);
        }
      });
    }),
    runs,
  );
});

test("the generation never falls, and rises with each change of the active color", () => {
  fc.assert(
    fc.property(steps, file, (all, wish) => {
      eachStep(all, wish, ({ before, after }) => {
        const changed = before.record.activeColor !== after.record.activeColor;
        const rise = after.record.generation - before.record.generation;
        expect(rise).toBeGreaterThanOrEqual(changed ? 1 : 0);
      });
    }),
    runs,
  );
});

test("nobody's live claim is taken by another", () => {
  fc.assert(
    fc.property(steps, file, (all, wish) => {
      eachStep(all, wish, ({ attempt, before, after }) => {
        const held = liveClaim(before.record, before.nowMs);
        const next = after.record.claim;
        const claims = attempt.asked.kind === "Claim" || attempt.asked.kind === "Switch";
        // What a person has filled by hand may be switched to by anybody.
        const switches = after.record.rollout?.kind === "switch";
        if (switches && colors.some((color) => isFilledByHand(before.record, before.colors[color])))
          return;
        if (!claims || !held?.owner) return;
        expect(sameOwner(held.owner, next?.owner ?? null)).toBe(true);
        expect(next?.rolloutId).toBe(held.rolloutId);
      });
    }),
    runs,
  );
});

test("a request that was taken changes nothing when it comes once more", () => {
  fc.assert(
    fc.property(steps, file, (all, wish) => {
      const environment = new Environment();
      for (const step of all) {
        environment.nowMs += step.minutes * 60_000;
        const { version, cut } = step;
        const asked = askedBy(step, environment.view());
        // Cut short it has stopped the router; the record, which stands then, starts it again.
        if (asked.kind === "Deactivate" && cut) continue;
        if (!take(environment, { asked, version, cut }, wish)) continue;
        const { weights, activeColor } = environment.view().record;
        take(environment, { asked, version, cut: false }, wish);
        expect(environment.view().record).toMatchObject({ weights, activeColor });
      }
    }),
    runs,
  );
});

test("a file that was obeyed never moves traffic again, and so undoes no rollback", () => {
  fc.assert(
    fc.property(steps, aColor, (all, wish) => {
      let obeyed = false;
      eachStep(all, wish, ({ attempt, before, after, taken }) => {
        if (attempt.asked.kind !== "Obey" || !taken) return;
        if (obeyed) expect(after.record.weights).toEqual(before.record.weights);
        obeyed ||= !attempt.cut;
      });
    }),
    runs,
  );
});

test("the sequences get somewhere: releases become active, are held, rolled back, retired", () => {
  const seen = new Map<string, number>();
  for (const all of fc.sample(steps, { numRuns: 150, seed: 7 })) {
    eachStep(all, "blue", ({ attempt, before, after, taken }) => {
      const moved = before.record.activeColor !== after.record.activeColor;
      const kind = `${attempt.asked.kind}${moved ? " moved" : ""}${attempt.cut ? " cut" : ""}`;
      if (taken) seen.set(kind, (seen.get(kind) ?? 0) + 1);
    });
  }
  const wanted = ["Switch moved", "Switch moved cut", "RollBack moved", "Obey moved", "Retired"];
  for (const kind of [...wanted, "Hold", "Shift", "Abort", "Deactivate moved"]) {
    expect(seen.get(kind) ?? 0, kind).toBeGreaterThan(5);
  }
});
