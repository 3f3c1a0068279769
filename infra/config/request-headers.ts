/** Headers that a check may send: their names, their values, and those that are not for it to set. */

import { z } from "zod";

import { colorHeader, previewHeader } from "../headers.ts";
import { refuse } from "./refusal.ts";

const nameForm = /^[!#$%&'*+.^_`|~\w-]{1,100}$/;
const valueForm = /^[\t\u0020-\u007e\u0080-\u00ff]{0,8000}$/;

/** They steer the connection or the body, or say which color is meant. */
const reserved = new Set([
  "connection",
  "content-length",
  "expect",
  "keep-alive",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  colorHeader,
  previewHeader,
]);

/** A map of header names to text; values may be secret. */
export function requestHeaders() {
  return z
    .record(z.string(), z.string().meta({ type: "a text in quotes" }))
    .superRefine((headers, context) => {
      const seen = new Set<string>();
      for (const [name, value] of Object.entries(headers)) {
        const found = problemOf(name, value, seen);
        seen.add(name.toLowerCase());
        if (found === null) continue;
        const [problem, fix] = found;
        refuse(context, { path: [name], problem, fix });
      }
    })
    .meta({ type: "a map of header names to text" });
}

/** A header by which requests are told apart; neither the connection's nor what chooses a color. */
export function headerName() {
  const name = z.string().superRefine((value, context) => {
    const known =
      reserved.has(value.toLowerCase()) ||
      ["cookie", "authorization", "host"].includes(value.toLowerCase());
    const problem = known ? "is a header with a meaning of its own" : "isn't a header's name";
    if (known || !nameForm.test(value)) context.addIssue({ code: "custom", message: problem });
  });
  return name.meta({ type: 'a header\'s name, such as "x-beta"' });
}

function problemOf(
  name: string,
  value: string,
  seen: ReadonlySet<string>,
): readonly [problem: string, fix: string] | null {
  if (!nameForm.test(name)) {
    return ["isn't a header's name", "use letters, digits and - only, such as authorization"];
  }
  const lower = name.toLowerCase();
  if (reserved.has(lower)) return ["is a header that checks set by themselves", "remove it"];
  if (seen.has(lower)) return ["is there twice, in another case", "keep one of the two"];
  if (valueForm.test(value)) return null;
  return [
    "has a value with line breaks or other characters that headers can't hold",
    "remove them",
  ];
}
