/** The settings of a shift: in which steps traffic moves, and whether clients stay with a color. */

import { z } from "zod";

import { hour, second } from "../duration.ts";
import { duration, flag, optional, word } from "./fields.ts";
import { headerName } from "./request-headers.ts";

const cookieType = 'a cookie\'s name, such as "beta"';
const valueType = 'a text without spaces, quotes and semicolons, such as "yes"';

/** Whoever writes the last step out is told that it comes by itself. */
function share() {
  const problem = "is more than 99: all traffic comes by itself after the last step";
  const fix = "write a whole number from 1 to 99, or leave this step out";
  const upTo99 = z
    .int()
    .min(1)
    .superRefine((value, context) => {
      if (value <= 99) return;
      context.addIssue({ code: "custom", message: problem, params: { fix } });
    });
  return upTo99.meta({ type: "a whole number from 1 to 99" });
}

const cohort = z.strictObject({
  header: optional(headerName()).describe("Name of a request header."),
  cookie: optional(word(cookieType, /^[!#$%&'*+.^_`|~\w-]+$/, 100)).describe(
    "Name of a cookie, in place of a header.",
  ),
  value: word(valueType, /^[\u0021\u0023-\u003a\u003c-\u007e]+$/, 200).describe(
    "Its value, compared letter by letter.",
  ),
});

const step = z.strictObject({
  weight: optional(share()).describe(
    "Share of the new color in percent; a step has this or a cohort.",
  ),
  cohort: optional(cohort).describe(
    "Whose requests go to the new color, from this step to the switch; the others stay.",
  ),
  for: duration({ min: second, max: 24 * hour, example: "5m" }).describe(
    "How long both colors are watched with these shares.",
  ),
});

/** The slice `bluegreen:shift`. */
export const shiftSchema = z.strictObject({
  steps: z
    .array(step)
    .max(10)
    .meta({ type: "a list of steps" })
    .prefault([])
    .describe("Cohorts, then shares of the traffic, on the way to a switch; empty: all at once."),
  sticky: flag()
    .prefault(false)
    .describe("Whether a client stays with the color that it met while both have traffic."),
});
