/** The check `health`: the service and what it depends on, as its health document tells it. */

import { askAll } from "./asking.ts";
import type { Answer, Quote, Said } from "./asking.ts";
import type { CheckKindOf } from "./check.ts";
import { quoted } from "../report/safe-text.ts";
import { readHealth } from "./health-document.ts";
import type { Part } from "./health-document.ts";
import { maxBody } from "./http.ts";

const statuses = [200];
const maxNamed = 5;

export const healthCheck: CheckKindOf<"health"> = {
  kind: "health",
  describe: ({ path, require }) => {
    const what = require.length === 0 ? "nothing is down" : `${require.join(", ")} are up`;
    return `GET ${path} says that ${what}`;
  },
  plan: ({ retries, deadlineMs }) => ({ retries, deadlineMs }),
  run: ({ path, headers, timeoutMs, require }, context) =>
    askAll({ path, headers, timeoutMs, statuses, bodyCap: maxBody }, context, (answer, quote) =>
      judgeHealth(answer, require, quote),
    ),
};

function judgeHealth(
  { body, truncated, allowed }: Answer,
  required: readonly string[],
  quote: Quote,
): Said | null {
  const document = truncated ? null : readHealth(body);
  if (document === null) {
    const what = truncated ? "its body is longer than 1 MB" : "its body is no health document";
    return allowed ? { verdict: "fail", text: what } : null;
  }
  const { service, dependencies } = document;
  const strict = required.length === 0;
  const described = (part: Part) => `${quote(part.name)} is ${quote(part.word)}`;
  const down = dependencies.filter(({ state }) => state === "down");
  const isWell = service.state === "up" || service.state === "degraded";
  const problems = [
    ...(isWell ? [] : [`it says ${quote(service.word)}`]),
    ...required.flatMap((name) => missing(name, dependencies, described)),
    ...(strict ? down.map(described) : []),
  ];
  if (problems.length > 0) {
    return { verdict: "fail", text: listed([...problems, ...down.map(described)]) };
  }
  const troubled = dependencies.filter(({ state }) => state === "degraded");
  const told = [...(strict ? [] : down), ...troubled].map(described);
  if (service.state === "degraded") told.unshift(`it says ${quote(service.word)}`);
  return told.length === 0 ? null : { verdict: "pass", text: listed(told) };
}

/** Problems with one required dependency: it isn't there, or a part of it isn't up. */
function missing(
  name: string,
  dependencies: readonly Part[],
  described: (part: Part) => string,
): readonly string[] {
  const parts = dependencies.filter((part) => isPart(part, name));
  if (parts.length === 0) return [`it names no dependency ${quoted(name)}`];
  const saying = parts.filter(({ state }) => state !== "silent");
  if (saying.length === 0) return [`${quoted(name)} has no status`];
  return saying.filter(({ state }) => state !== "up").map(described);
}

/** health+json names "cassandra:responseTime" what is a measurement of "cassandra". */
function isPart({ name }: Part, wanted: string): boolean {
  const [a, b] = [name.toLowerCase(), wanted.toLowerCase()];
  return a === b || a.startsWith(`${b}:`) || a.startsWith(`${b}.`) || a.endsWith(`.${b}`);
}

function listed(texts: readonly string[]): string {
  const named = [...new Set(texts)];
  const rest = named.length - maxNamed;
  return [...named.slice(0, maxNamed), ...(rest > 0 ? [`${rest} more`] : [])].join(", ");
}
