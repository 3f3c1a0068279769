/** The routes: from a desired state to the immutable object that each request reads once. */

import { z } from "zod";

import { BlueGreenError } from "../../../errors.ts";
import type { Color, PerColor } from "../../../model.ts";
import { colors, hasAll, isServed, perColor, weightsOf } from "../../../model.ts";
import { markShape } from "../../../rules/mark-schema.ts";
import { cohortsShape, matcherOf } from "./cohort.ts";
import type { CohortMatcher } from "./cohort.ts";
import { Instance, InstancePool, parseAddress } from "./instances.ts";
import type { RouterRoutes } from "./protocol.ts";
import { routesSchema } from "./protocol.ts";

/** Everything a request needs to choose; replaced as a whole, never changed. */
export interface Routes {
  readonly state: RouterRoutes;
  readonly pools: PerColor<InstancePool>;
  /** The color with all traffic; null while inactive or shared. */
  readonly only: Color | null;
  readonly active: boolean;
  /** Both colors have a share, so that chance decides. */
  readonly split: boolean;
  /** Whose requests go where, whatever the shares; null: nobody's. */
  readonly cohort: CohortMatcher | null;
}

export const emptyRoutes: RouterRoutes = {
  schema: 1,
  weights: weightsOf(null),
  generation: 0,
  rolloutId: null,
  attached: { blue: [], green: [] },
  mark: null,
  former: null,
};

/** Works out, once per flip, what would otherwise be worked out per request. */
export function compileRoutes(state: RouterRoutes, former: Routes | null): Routes {
  const { weights } = state;
  return {
    state,
    pools: perColor((color) => poolOf(state.attached[color], former?.pools[color])),
    only: colors.find((color) => hasAll(weights, color)) ?? null,
    split: weights.blue > 0 && weights.green > 0,
    cohort: weights.cohorts ? matcherOf(weights.cohorts) : null,
    active: weights.blue + weights.green > 0,
  };
}

/** The color of one request by weight; `chance` is in [0, 1). Null while inactive. */
export function pickColor(routes: Routes, chance: () => number): Color | null {
  if (routes.only !== null) return routes.only;
  if (!routes.active) return null;
  return chance() * 100 < routes.state.weights.blue ? "blue" : "green";
}

/** Instances that stay keep their ejection, and an unchanged pool keeps whose turn it is. */
function poolOf(addresses: readonly string[], former: InstancePool | undefined): InstancePool {
  const known = new Map(former?.instances.map((instance) => [instance.address, instance]));
  const instances = addresses.map((address) => known.get(address) ?? new Instance(address));
  const same =
    former?.instances.length === instances.length &&
    former.instances.every((instance, index) => instance === instances[index]);
  return same ? former : new InstancePool(instances);
}

const percent = z.int().min(0).max(100);
const weights = z
  .strictObject({ blue: percent, green: percent, cohorts: cohortsShape.optional() })
  .refine(
    (shares) => [0, 100].includes(shares.blue + shares.green),
    "must sum to 100, or to 0 to be inactive",
  );

const address = z
  .string()
  .refine((text) => parseAddress(text) !== null, "must be host:port without a scheme");
const addresses = z
  .array(address)
  .max(1000)
  .refine((list) => new Set(list).size === list.length, "must not repeat an address");

const shape = z.object({
  weights,
  generation: z.int().min(0),
  rolloutId: z.string().nullable(),
  attached: z.strictObject({ blue: addresses, green: addresses }),
  mark: markShape.nullable(),
  former: z.enum(["blue", "green"]).nullable().default(null),
});

/**
 * Checks a desired state as a whole.
 *
 * @throws BlueGreenError SETTINGS_INVALID with all problems; COLOR_EMPTY when a color would get
 * traffic without an address to send it to; RECORD_NEWER for a file of a newer version.
 */
export function parseRoutes(value: unknown): RouterRoutes {
  refuseNewer(value);
  const parsed = shape.safeParse(value);
  if (!parsed.success) {
    const details = parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
    throw new BlueGreenError("SETTINGS_INVALID", `the routes are invalid: ${details.join("; ")}`, {
      details,
    });
  }
  // Older routers read version 1 only: those with cohorts they refuse as newer, all others they take.
  const schema = parsed.data.weights.cohorts ? routesSchema : 1;
  const routes = { schema, ...parsed.data };
  const empty = colors.find(
    (color) => isServed(routes.weights, color) && routes.attached[color].length === 0,
  );
  if (empty !== undefined) {
    throw new BlueGreenError("COLOR_EMPTY", `${empty} would get traffic but has no address`, {
      hint: "Attach its addresses together with, or before, the weights.",
    });
  }
  return routes;
}

function refuseNewer(value: unknown): void {
  const schema = z.object({ schema: z.number() }).safeParse(value).data?.schema;
  if (schema === undefined || schema <= routesSchema) return;
  throw new BlueGreenError("RECORD_NEWER", `the routes have schema ${schema}, newer than this`, {
    hint: "Use the bluegreen that wrote them, or a newer one.",
  });
}
