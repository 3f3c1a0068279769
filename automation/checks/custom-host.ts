/** The process of one custom check: loads the user's file, runs the check in it, replies and ends. */

import { writeSync } from "node:fs";
import { text } from "node:stream/consumers";
import { pathToFileURL } from "node:url";
import type { CustomCheck } from "./custom-check.ts";
import { maxSentEvidence, maxSentence } from "./custom-reply.ts";
import type { CustomReply, CustomTask } from "./custom-reply.ts";

const replyDescriptor = 3;
const verdicts: readonly unknown[] = ["pass", "fail", "inconclusive"];

const stop = new AbortController();
process.on("SIGTERM", () => {
  stop.abort();
});

send(await replyTo(JSON.parse(await text(process.stdin)) as CustomTask));
// What the check left open, timers and connections, doesn't keep it.
process.exit(0);

async function replyTo({ file, context }: CustomTask): Promise<CustomReply> {
  const exported = await attempt("can't be loaded", () => import(pathToFileURL(file).href));
  if (!exported.ok) return exported.problem;
  const check = theCheckIn(exported.value as Record<string, unknown>);
  if (typeof check === "string") return { kind: "problem", sentence: check };
  const run = () => check.run({ ...context, signal: stop.signal });
  const found = await attempt("threw", run);
  return found.ok ? replyWith(check, found.value) : found.problem;
}

type Attempted =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly problem: CustomReply };

/** The stack goes to the output, which is kept as evidence. */
async function attempt(words: string, work: () => unknown): Promise<Attempted> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    const { message, stack } = error instanceof Error ? error : { message: String(error) };
    process.stderr.write(`${stack ?? message}\n`);
    return { ok: false, problem: { kind: "problem", sentence: `${words}: ${firstLine(message)}` } };
  }
}

/** The one exported object with `run`; a sentence where there is none, or more than one. */
function theCheckIn(exported: Record<string, unknown>): CustomCheck | string {
  const found = new Map<unknown, string>();
  for (const [name, value] of Object.entries(exported)) {
    if (typeof value === "object" && value !== null && "run" in value) found.set(value, name);
  }
  const [check] = found.keys();
  if (check === undefined) return "exports no object with `name` and `run`";
  if (found.size > 1) return `exports ${found.size} checks: ${[...found.values()].join(", ")}`;
  const { name, run } = check as { name?: unknown; run: unknown };
  if (typeof run !== "function") return "exports a check whose `run` is no function";
  if (typeof name !== "string" || name.trim() === "") return "exports a check without a `name`";
  return check as CustomCheck;
}

function replyWith({ name }: CustomCheck, value: unknown): CustomReply {
  const finding = (value ?? {}) as { verdict?: unknown; sentence?: unknown; evidence?: unknown };
  const { verdict, sentence, evidence = "" } = finding;
  const problem = (text: string): CustomReply => ({ kind: "problem", sentence: text });
  if (!verdicts.includes(verdict)) {
    return problem(`returned no \`verdict\` of ${verdicts.join(", ")}`);
  }
  if (typeof sentence !== "string" || sentence === "") return problem("returned no `sentence`");
  if (typeof evidence !== "string") return problem("returned `evidence` that is no text");
  return {
    kind: "finding",
    name,
    verdict: verdict as "pass" | "fail" | "inconclusive",
    sentence: sentence.slice(0, maxSentence),
    evidence: evidence.slice(-maxSentEvidence),
  };
}

function firstLine(message: string): string {
  return message.split("\n", 1)[0]?.slice(0, maxSentence) ?? "";
}

/** Whole, whatever the pipe takes at once. */
function send(reply: CustomReply): void {
  const bytes = Buffer.from(JSON.stringify(reply));
  for (let sent = 0; sent < bytes.length;) {
    sent += writeSync(replyDescriptor, bytes, sent);
  }
}
