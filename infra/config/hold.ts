/** The settings of the hold: how much of the former color is kept for a way back. */

import { z } from "zod";

import { hour, second } from "../duration.ts";
import { duration, optional } from "./fields.ts";

/** What is kept of a color that is held warm: so many instances, or a share such as "25%". */
const kept = z
  .union([z.int().min(1).max(1_000), z.string().regex(/^(?:[1-9]|[1-9]\d)%$/)])
  .meta({ type: `a whole number from 1 to 1000, or a share from "1%" to "99%"` });

/** The slice `bluegreen:hold`. */
export const holdSchema = z.strictObject({
  warm: optional(kept).describe(
    "What the former color shrinks to once a bake has passed: instances, or a share of them; absent: it stays as large as it is.",
  ),
  growWithin: duration({ min: second, max: hour, example: "30s" })
    .prefault("30s")
    .describe("A rollback doesn't wait longer until a shrunk color has grown."),
});
