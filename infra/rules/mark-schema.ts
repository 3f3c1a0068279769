/** The shapes of a pin and of a rollback's mark, wherever they are read from. Pure. */

import * as z from "zod";

/** The engine may drop nulls on their way through a stack's state: absent means null. */
export function orNull<T extends z.ZodType>(shape: T) {
  return shape.nullish().transform((value) => value ?? null);
}

export const pinShape = z.object({
  digest: z.string(),
  version: z.string(),
  reason: z.string(),
  by: z.string(),
  at: z.string(),
  until: orNull(z.string()),
});

/** Of a router's own file or request: there nulls are kept. */
export const markShape = z.object({
  generation: z.int().min(0),
  at: z.string(),
  by: z.string(),
  reason: z.string(),
  pin: pinShape.nullable(),
  setBack: z.literal(true).optional(),
});
