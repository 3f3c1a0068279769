/** The check `http`: every way to the color gives an answer that is allowed, right and in time. */

import type { CheckOf } from "../../infra/config.ts";
import { formatDuration } from "../../infra/duration.ts";
import { jsonAt, parsedJson } from "../../infra/probe/json.ts";
import { askAll } from "./asking.ts";
import type { Answer, Quote } from "./asking.ts";
import type { CheckKindOf } from "./check.ts";
import { quoted } from "../report/safe-text.ts";

type HttpCheck = CheckOf<"http">;

/** Bytes of a body that are read where it is to be looked at. */
export const maxBody = 1024 * 1024;
const maxProblems = 3;

export const httpCheck: CheckKindOf<"http"> = {
  kind: "http",
  describe: (check) => {
    const { method, path, statuses, withinMs } = check;
    const within = withinMs > 0 ? ` within ${formatDuration(withinMs)}` : "";
    return `${method} ${path} answers ${statuses.join(" or ")}${within}`;
  },
  plan: ({ retries, deadlineMs }) => ({ retries, deadlineMs }),
  run: (check, context) => {
    const bodyCap = readsBody(check) ? { bodyCap: maxBody } : {};
    return askAll({ ...check, ...bodyCap }, context, (answer, quote) => {
      const all = answer.allowed ? problemsOf(check, answer, quote) : [];
      const problems = all.slice(0, maxProblems);
      return problems.length === 0 ? null : { verdict: "fail", text: problems.join(" and ") };
    });
  },
};

function readsBody({ contains, json }: HttpCheck): boolean {
  return contains !== null || Object.keys(json).length > 0;
}

/** All that is wrong with an answer whose status is right. */
function problemsOf(check: HttpCheck, answer: Answer, quote: Quote): readonly string[] {
  const all = [
    typeProblem(check, answer, quote),
    textProblem(check, answer),
    ...jsonProblems(check, answer, quote),
    timeProblem(check, answer),
  ];
  return all.filter((problem) => problem !== null);
}

function typeProblem({ contentType }: HttpCheck, { headers }: Answer, quote: Quote): string | null {
  if (contentType === null) return null;
  const type = (headers["content-type"] ?? "").split(";")[0]?.trim() ?? "";
  if (type.toLowerCase() === contentType.toLowerCase()) return null;
  return `is ${type === "" ? "of no content type" : quote(type)}, ${contentType} expected`;
}

function textProblem({ contains }: HttpCheck, { body, truncated }: Answer): string | null {
  if (contains === null || body.includes(contains)) return null;
  return `doesn't contain ${quoted(contains)}${truncated ? " in its first 1 MB" : ""}`;
}

function jsonProblems(
  { json }: HttpCheck,
  { body, truncated }: Answer,
  quote: Quote,
): readonly string[] {
  const wanted = Object.entries(json);
  if (wanted.length === 0) return [];
  if (truncated) return ["is longer than 1 MB, too long to be read as JSON"];
  const document = parsedJson(body);
  if (document === undefined) return ["isn't JSON"];
  return wanted.flatMap(([place, expected]) => {
    const found = jsonAt(document, place);
    const value = textOf(found);
    if (value === String(expected)) return [];
    const has = value === null ? kindOf(found) : quote(value);
    return [`has ${has} at ${quoted(place)}, ${quoted(String(expected))} expected`];
  });
}

/** Null for what isn't one value. */
function textOf(found: unknown): string | null {
  if (typeof found === "string" || typeof found === "number") return String(found);
  return typeof found === "boolean" || found === null ? String(found) : null;
}

function kindOf(found: unknown): string {
  if (found === undefined) return "nothing";
  return Array.isArray(found) ? "a list" : "a map";
}

function timeProblem({ withinMs }: HttpCheck, { ms }: Answer): string | null {
  if (withinMs === 0 || ms <= withinMs) return null;
  return `was too slow: it took ${ms} ms, ${formatDuration(withinMs)} allowed`;
}
