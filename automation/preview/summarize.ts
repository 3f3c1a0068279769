/** From gathered facts to the summary: outcome, headline and everything below it. Pure. */

import type { BlueGreenError } from "../../infra/errors.ts";
import type { Color, Release, RouterRecord } from "../../infra/model.ts";
import { sameWeights } from "../../infra/model.ts";
import { declaredColor, readIntent } from "../../infra/rules/intent.ts";
import { idleColor } from "../../infra/rules/roles.ts";
import { refuseDrift } from "../rollout/refusal.ts";
import { countChanges, isBookkeeping, orderedChanges } from "./changes.ts";
import { driftOf, healthOf, named, parityOf, pinsOf, rollbackOf } from "./condition.ts";
import { expectationOf } from "./expectation.ts";
import type { StepKind } from "./expectation.ts";
import type { PreviewFacts, StackFacts } from "./facts.ts";
import { guardLines } from "./guard-lines.ts";
import { isRefusal } from "./refusal.ts";
import { hideValues } from "./secrets.ts";
import { unknownDigest } from "./simulation.ts";
import type {
  Deployment,
  Outcome,
  PreviewSummary,
  Problem,
  RouterPreview,
  RouterState,
  StackPreview,
} from "./summary.ts";
import { previewSchema } from "./summary.ts";

/** The same facts give the same summary; values of `env` are nowhere in it. */
export function summarize(gathered: PreviewFacts): PreviewSummary {
  const facts = withDeadRouter(gathered);
  const { asked, environment, platform, view } = facts;
  const refusal = refusalOf(facts);
  const router = routerOf(facts, refusal);
  const stacks = stacksOf(facts);
  const guards = guardLines({ facts, refusal });
  const to = targetOf(facts, router);
  const outcome = outcomeOf({ facts, router, refusal, stacks });
  const summary: PreviewSummary = {
    schema: previewSchema,
    environment,
    platform,
    asked,
    outcome,
    headline: headlineOf(facts, { outcome, router, to }),
    router,
    deployment: deploymentOf(facts, to),
    guards,
    stacks,
    steps: facts.simulation?.steps.map(({ sentence }) => sentence) ?? [],
    health: healthOf(view),
    parity: parityOf(facts, to),
    rollback: rollbackOf(facts, outcome === "refused" ? null : to),
    drift: driftOf(facts),
    pins: pinsOf(view),
    expected: outcome === "refused" ? null : expectedOf(facts, outcome),
    cost: facts.cost,
    notes: notesOf(facts),
  };
  return hideValues(summary, facts.hidden);
}

/** What keeps traffic where it is; a color's own update by hand isn't part of a file's preview. */
function refusalOf(facts: PreviewFacts): BlueGreenError | null {
  const { asked, router, colors, simulation, sqlRefusal } = facts;
  if (simulation?.refusal) return simulation.refusal;
  if (sqlRefusal) return sqlRefusal;
  const filled = asked.kind === "deploy" ? simulation?.provisioning?.color : undefined;
  const errors = [filled && colors[filled]?.error, router?.error];
  return errors.find((error) => error && isRefusal(error)) ?? null;
}

/** A router that doesn't answer moves no traffic: an update that tries to would fail there. */
function withDeadRouter(facts: PreviewFacts): PreviewFacts {
  const { router, view } = facts;
  const { drift, reading, record } = view;
  const then = wantedRecord(facts);
  const dead = drift.kind === "silent" && reading.weights === null;
  if (!router || !then || !dead || router.error) return facts;
  if (!moves(stateOf(facts, record), stateOf(facts, then))) return facts;
  return { ...facts, router: { ...router, changes: [], error: refuseDrift(view) } };
}

function routerOf(facts: PreviewFacts, refusal: BlueGreenError | null): RouterPreview {
  const { view } = facts;
  const before = stateOf(facts, view.record);
  const wanted = wantedRecord(facts);
  const then = wanted ? stateOf(facts, wanted) : before;
  if (!refusal) return { before, after: then, refused: null };
  return { before, after: before, refused: moves(before, then) ? then : null };
}

/** The record as it would be right after the update that moves traffic. */
function wantedRecord({ router, simulation }: PreviewFacts): RouterRecord | null {
  if (simulation) return simulation.flip?.next ?? null;
  return router?.events.findLast((event) => event.kind === "Planned")?.record ?? null;
}

function stateOf(facts: PreviewFacts, record: RouterRecord): RouterState {
  const { activeColor, weights, generation } = record;
  const release = activeColor && releaseOf(facts, activeColor, record);
  return { activeColor, weights, generation, release };
}

/** What a color holds, or would hold once the rollout has filled it. */
function releaseOf(
  { view, simulation }: PreviewFacts,
  color: Color,
  record: RouterRecord,
): Release | null {
  const { rollout } = record;
  const filled = simulation?.provisioning?.color === color && rollout?.color === color;
  if (!filled) return view.colors[color]?.release ?? null;
  return { version: rollout.version, digest: rollout.digest ?? unknownDigest };
}

function moves(before: RouterState, after: RouterState): boolean {
  return before.activeColor !== after.activeColor || !sameWeights(before.weights, after.weights);
}

/** The color that is to get traffic, also where it is refused; null where none is. */
function targetOf(facts: PreviewFacts, router: RouterPreview) {
  const { asked, view, file, simulation, settingsFile } = facts;
  const then = router.refused ?? router.after;
  if (moves(router.before, then)) return then.activeColor;
  if (!simulation?.refusal && asked.kind !== "file") return null;
  const wished = {
    switch: wishedColor(asked),
    deploy: idleColor(view.record),
    file: declaredColor(file),
  };
  const color = wished[asked.kind];
  const unwished =
    asked.kind === "file" && readIntent(file, view.record, settingsFile).kind === "none";
  return color === view.record.activeColor || unwished ? null : color;
}

function wishedColor(asked: PreviewFacts["asked"]): Color | null {
  return asked.kind === "switch" ? asked.color : null;
}

function outcomeOf(args: {
  readonly facts: PreviewFacts;
  readonly router: RouterPreview;
  readonly refusal: BlueGreenError | null;
  readonly stacks: readonly StackPreview[];
}): Outcome {
  const { facts, router, refusal, stacks } = args;
  if (refusal) return "refused";
  if (moves(router.before, router.after)) {
    const guarded = facts.router?.events.findLast((event) => event.kind === "Guarded");
    return facts.asked.kind === "file" && guarded?.result.kind === "pending" ? "pending" : "switch";
  }
  const changes = stacks.flatMap((stack) => stack.changes);
  return changes.every((change) => isBookkeeping(change)) ? "nothing" : "changes";
}

interface Headed {
  readonly outcome: Outcome;
  readonly router: RouterPreview;
  readonly to: Color | null;
}

function headlineOf(facts: PreviewFacts, { outcome, router, to }: Headed): string {
  const { environment, platform, asked, view } = facts;
  const suffix = outcome === "refused" || outcome === "pending" ? `: ${outcome}` : "";
  if (!to) return `${environment}: no change of traffic${suffix}`;
  const { before } = router;
  const held = view.colors[to]?.release.version ?? null;
  const version = asked.kind === "deploy" ? asked.version : held;
  const from = named(before.activeColor, before.release?.version ?? null);
  return `${environment}: traffic ${from} -> ${named(to, version)} through ${platform}${suffix}`;
}

function deploymentOf(facts: PreviewFacts, to: Color | null): Deployment | null {
  const { asked, simulation, view } = facts;
  if (asked.kind !== "deploy" || !simulation) return null;
  const { provisioning, flip } = simulation;
  const color = provisioning?.color ?? flip?.color ?? to ?? view.record.activeColor;
  if (!color) return null;
  const digest = flip?.next.rollout?.digest ?? null;
  const size = provisioning?.request.size ?? view.colors[color]?.size ?? 0;
  const known = digest === unknownDigest ? null : digest;
  return { color, version: asked.version, digest: known, size };
}

/** The router's stack first: it is the one that moves traffic. */
function stacksOf({ router, colors }: PreviewFacts): readonly StackPreview[] {
  const all = [router, colors.blue, colors.green].filter((stack) => stack !== null);
  return all.map(({ stack, exists, changes, error }) => ({
    stack,
    exists,
    changes: orderedChanges(changes),
    problem: error && problemOf(error),
  }));
}

function problemOf(error: BlueGreenError): Problem {
  const { code, message, hint, details } = error;
  return { refused: isRefusal(error), code, message, hint: hint ?? null, details };
}

function expectedOf(facts: PreviewFacts, outcome: Outcome) {
  const { simulation, measured, bakeMs } = facts;
  const byHand: readonly StepKind[] =
    outcome === "nothing" ? [] : [outcome === "changes" ? "keep" : "switch"];
  const steps = simulation?.steps.map(({ kind }) => kind) ?? byHand;
  const watched = simulation?.steps.flatMap(({ ms }) => (ms === undefined ? [] : [ms])) ?? [];
  const watchMs = watched.reduce((sum, ms) => sum + ms, 0) / Math.max(1, watched.length);
  return expectationOf({ steps, measured, bakeMs, watchMs });
}

function notesOf({ notes, router, colors, view }: PreviewFacts): readonly string[] {
  const all = [router, colors.blue, colors.green].filter((stack) => stack !== null);
  const said = all.flatMap(({ events }) =>
    events.flatMap((event) => (event.kind === "Noted" ? [event.sentence] : [])),
  );
  const absent = all.flatMap((stack) => absence(stack));
  const { rollout } = view.record;
  const open =
    rollout && rollout.phase !== "hold"
      ? [`rollout ${rollout.id} of release ${rollout.version} is in its ${rollout.phase}`]
      : [];
  return [...new Set([...notes, ...said, ...open, ...absent])];
}

function absence({ exists, stack, changes }: StackFacts): readonly string[] {
  if (exists) return [];
  const what = countChanges(orderedChanges(changes));
  return [
    `stack ${stack} doesn't exist yet: previewed against an empty temporary backend (${what})`,
  ];
}
