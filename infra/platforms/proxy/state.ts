/** The states of a router: small files that never change, and names that tell the weights. PURE. */

import { createHash } from "node:crypto";

import { z } from "zod";

import { BlueGreenError } from "../../errors.ts";
import type { Color, DirectMark, Weights } from "../../model.ts";
import { markShape } from "../../rules/mark-schema.ts";

/** Newest version of a state file that this code can read. */
export const stateSchema = 1;

/** Shares of blue that a router can be set to; nginx has no others without a reload. */
export const ladder: readonly number[] = [0, 1, 5, 10, 25, 50, 75, 90, 95, 99, 100];

/** Everything that is set by a flip. */
export interface RouterState {
  readonly weights: Weights;
  readonly generation: number;
  readonly rolloutId: string | null;
  readonly mark: DirectMark | null;
  /** Where a direct rollback may return to; null: nowhere, or written before this was stored. */
  readonly former: Color | null;
}

export const emptyState: RouterState = {
  weights: { blue: 0, green: 0 },
  generation: 0,
  rolloutId: null,
  mark: null,
  former: null,
};

/** The name that the server reads: `SHARE-GENERATION-DIGEST`; a share of blue, or `none`. */
export const stateNamePattern = "(?:none|[0-9]{1,3})-[0-9]{1,10}-[0-9a-f]{12}";

/** @throws BlueGreenError USAGE for weights that aren't on the ladder */
export function stateName(state: RouterState): string {
  const { blue, green } = state.weights;
  // A state without it has the name that it had before this was stored.
  const { former, ...others } = ordered(state);
  const named = former ? { ...others, former } : others;
  const digest = createHash("sha256").update(JSON.stringify(named)).digest("hex");
  const rest = `${state.generation}-${digest.slice(0, 12)}`;
  if (blue === 0 && green === 0) return `none-${rest}`;
  if (blue + green === 100 && ladder.includes(blue)) return `${blue}-${rest}`;
  throw new BlueGreenError("USAGE", `the router can't be set to blue ${blue} / green ${green}`, {
    hint: `Take shares of these: ${ladder.join(", ")}.`,
  });
}

/** Null for what isn't a state's name. */
export function weightsIn(name: string): Weights | null {
  if (!new RegExp(`^${stateNamePattern}$`).test(name)) return null;
  const share = name.slice(0, name.indexOf("-"));
  if (share === "none") return { blue: 0, green: 0 };
  const blue = Number(share);
  return blue <= 100 ? { blue, green: 100 - blue } : null;
}

/** Null for what isn't a state's name. */
export function generationIn(name: string): number | null {
  return weightsIn(name) === null ? null : Number(name.split("-")[1]);
}

export function formatState(state: RouterState): string {
  return `${JSON.stringify({ schema: stateSchema, ...ordered(state) }, null, 2)}\n`;
}

const stateShape = z.object({
  schema: z.int(),
  weights: z.object({ blue: z.number(), green: z.number() }),
  generation: z.int(),
  rolloutId: z.string().nullable(),
  mark: markShape.nullable(),
  former: z.enum(["blue", "green"]).nullable().default(null),
});

/** @throws BlueGreenError RECORD_NEWER, RECORD_BROKEN */
export function parseState(text: string, path: string): RouterState {
  const parsed = stateShape.safeParse(jsonOf(text));
  const schema = z.looseObject({ schema: z.int() }).safeParse(jsonOf(text));
  if (schema.success && schema.data.schema > stateSchema) {
    throw new BlueGreenError("RECORD_NEWER", `${path} was written by a newer bluegreen`);
  }
  if (!parsed.success) {
    throw new BlueGreenError("RECORD_BROKEN", `${path} can't be read`, {
      details: z.prettifyError(parsed.error).split("\n"),
    });
  }
  return ordered(parsed.data);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** In one order and with nothing else, so that equal states are equal texts. */
function ordered(state: RouterState): RouterState {
  const { generation, rolloutId, former } = state;
  const { blue, green } = state.weights;
  const left = state.mark && orderedMark(state.mark);
  return { weights: { blue, green }, generation, rolloutId, mark: left, former };
}

function orderedMark({ generation, at, by, reason, pin: bad, setBack }: DirectMark): DirectMark {
  const kind = setBack ? { setBack } : {};
  if (!bad) return { generation, at, by, reason, pin: null, ...kind };
  const { digest, version, until } = bad;
  const known = { digest, version, reason: bad.reason, by: bad.by, at: bad.at, until };
  return { generation, at, by, reason, pin: known, ...kind };
}
