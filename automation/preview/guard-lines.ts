/** The result of every guard on the way, in the order in which they are met. Pure. */

import { liveClaim } from "../../infra/rules/claim.ts";
import type { BlueGreenError } from "../../infra/errors.ts";
import type { ErrorCode } from "../../infra/errors.ts";
import type { GuardResult } from "../../infra/rules/activation.ts";
import { readIntent } from "../../infra/rules/intent.ts";
import { formatWeights } from "../../infra/model.ts";
import { databaseOf, describeStep } from "../../infra/rules/migration.ts";
import type { PreviewFacts } from "./facts.ts";
import type { GuardLine, GuardName } from "./summary.ts";

/** What the lines are made of, beside the facts. */
export interface Judged {
  readonly facts: PreviewFacts;
  /** Why traffic stays; null where nothing refuses. */
  readonly refusal: BlueGreenError | null;
}

/** Up to the one that refuses; those behind it would not be asked. */
export function guardLines(judged: Judged): readonly GuardLine[] {
  const { refusal } = judged;
  const passed = order.flatMap(({ guard, look }) => {
    const line = look(judged);
    return line ? [{ guard, line: toLine(guard, line) }] : [];
  });
  const lines = passed.map(({ line }) => line);
  if (!refusal) return lines;
  const name = guardOf(refusal.code);
  const place = order.findIndex(({ guard }) => guard === name);
  const before = passed.filter(
    ({ guard }) => order.findIndex((each) => each.guard === guard) < place,
  );
  return [...before.map(({ line }) => line), refusedLine(name, refusal)];
}

const names: Readonly<Partial<Record<ErrorCode, GuardName>>> = {
  ROUTER_DOWN: "data plane",
  HOST_UNREACHABLE: "data plane",
  DRIFT: "data plane",
  STALE_INTENT: "intent",
  CLAIMED: "claim",
  ROLLOUT_OPEN: "claim",
  RELEASE_PINNED: "release",
  SCHEMA_UNFIT: "schema",
  MIGRATION_REFUSED: "schema",
  NOT_CLAIMED: "provision",
  COLOR_SERVES: "provision",
  PLAN_REFUSED: "plan",
  ROUTER_ACTIVE: "plan",
};

/** The guard that a refusal comes from. */
export function guardOf(code: ErrorCode): GuardName {
  return names[code] ?? "activation";
}

type Look = (judged: Judged) => GuardResult | null;

const order: readonly { readonly guard: GuardName; readonly look: Look }[] = [
  { guard: "data plane", look: dataPlane },
  { guard: "intent", look: intent },
  { guard: "claim", look: claim },
  { guard: "release", look: release },
  { guard: "schema", look: schema },
  { guard: "provision", look: provision },
  { guard: "checks", look: checks },
  { guard: "activation", look: activation },
  { guard: "plan", look: plan },
];

function pass(sentence: string): GuardResult {
  return { kind: "pass", sentence };
}

function dataPlane({ facts }: Judged): GuardResult {
  const { drift, reading, record } = facts.view;
  if (drift.kind !== "none" && drift.kind !== "silent") {
    return pass(`${drift.sentence}: the data plane is followed`);
  }
  if (reading.weights)
    return pass(`the router serves ${formatWeights(reading.weights)}, as recorded`);
  const problem = reading.problems[0] ?? "the router can't be asked";
  const stands = `${problem}: the record stands, \`bluegreen up\` brings the router back`;
  const sentence = record.activeColor ? stands : problem;
  return { kind: "pending", sentence };
}

function intent({ facts }: Judged): GuardResult | null {
  if (facts.asked.kind !== "file") return null;
  const { file, settingsFile } = facts;
  const { record } = facts.view;
  const found = readIntent(file, record, settingsFile);
  if (found.kind === "stale") return { kind: "refused", error: found.error };
  if (found.kind === "none") {
    return pass(found.warning ?? `${settingsFile} asks for no other color`);
  }
  const same = found.color === record.activeColor ? ", which is active" : "";
  return pass(`${settingsFile} asks for ${found.color}${same}`);
}

function claim({ facts }: Judged): GuardResult {
  const { record, nowMs } = facts.view;
  const live = liveClaim(record, nowMs);
  return live
    ? pass(`rollout ${live.rolloutId} has claimed ${live.color} until ${live.until}`)
    : pass("no rollout is under way");
}

/** The digest decides; a color's own release is looked at by the activation. */
function release({ facts }: Judged): GuardResult | null {
  if (facts.asked.kind !== "deploy") return null;
  return pass(`release ${facts.asked.version} isn't pinned`);
}

/** Only where migrations are known: nobody else has to read of them. */
function schema({ facts }: Judged): GuardResult | null {
  const { record } = facts.view;
  const begun = facts.simulation?.record.database?.steps.slice(databaseOf(record).steps.length);
  const steps = (begun ?? []).map(describeStep).join(", ");
  const { schema: now } = databaseOf(record);
  if (now === null && steps === "") return null;
  const at = now === null ? "its schema isn't known" : `it is at schema ${now}`;
  return pass(`the database: ${at}${steps === "" ? "" : `; ${steps} runs before the release`}`);
}

function provision({ facts }: Judged): GuardResult | null {
  const provisioning = facts.simulation?.provisioning;
  return provisioning ? pass(`${provisioning.color} is idle and may be filled`) : null;
}

function checks({ facts }: Judged): GuardResult | null {
  const flip = facts.simulation?.flip;
  if (!flip) return null;
  const count = facts.checks === 1 ? "1 check" : `${facts.checks} checks`;
  return {
    kind: "pending",
    sentence: `${count} and its health decide before ${flip.color} serves`,
  };
}

function activation({ facts }: Judged): GuardResult | null {
  const { asked, simulation, router } = facts;
  const color = simulation?.flip?.color;
  if (asked.kind === "deploy" && color) {
    return { kind: "pending", sentence: `${color} is asked again right before the switch` };
  }
  const asking = router?.events.findLast((event) => event.kind === "Guarded");
  return asking?.result ?? null;
}

function plan({ facts, refusal }: Judged): GuardResult | null {
  const driven = facts.asked.kind !== "file" && facts.simulation?.flip;
  if (!driven || !facts.router || facts.simulation.routerFirst || refusal) return null;
  return pass("the switch touches the router's own resources only");
}

function toLine(guard: GuardName, result: GuardResult): GuardLine {
  if (result.kind === "refused") return refusedLine(guard, result.error);
  return {
    guard,
    result: result.kind,
    sentence: result.sentence,
    code: null,
    hint: null,
    details: [],
  };
}

function refusedLine(guard: GuardName, error: BlueGreenError): GuardLine {
  const { message, code, hint = null, details } = error;
  return { guard, result: "refused", sentence: message, code, hint, details };
}
