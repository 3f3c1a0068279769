/** Proof that a color serves: consecutive answers through the public address. */

import { systemClock } from "../clock.ts";
import type { Clock } from "../clock.ts";
import { colorHeader } from "../headers.ts";
import { isColor } from "../model.ts";
import type { Color } from "../model.ts";
import { keepConnection } from "./connection.ts";
import type { ProbeConnection } from "./connection.ts";
import { probe } from "./exchange.ts";
import { sentenceOf } from "./result.ts";
import type { ProbeResult } from "./result.ts";
import { targetOf } from "./target.ts";
import { versionIn } from "./version.ts";
import type { VersionSource } from "./version.ts";

export interface ServedRequest {
  /** Public address of the router. */
  readonly url: string;
  readonly path: string;
  readonly color: Color;
  /** Right answers in a row that are asked of fresh and of reused connections each. */
  readonly count: number;
  /** Milliseconds until it is given up. */
  readonly withinMs: number;
  /** Milliseconds for one probe; default 2,000. */
  readonly timeoutMs?: number;
  /** Milliseconds between two probes of a kind; default 20. */
  readonly intervalMs?: number;
  /** Release that must answer; absent: any. */
  readonly expectVersion?: string;
  readonly versionSource?: VersionSource;
  /** Status codes of a right answer; absent: any below 500. */
  readonly statuses?: readonly number[];
  /** Connection that was opened before the switch; absent: one is opened by the first probe. */
  readonly connection?: ProbeConnection;
  readonly clock?: Clock;
  readonly signal?: AbortSignal;
}

export interface ServedAnswers {
  readonly blue: number;
  readonly green: number;
  /** Answers that name no color. */
  readonly unnamed: number;
  readonly unanswered: number;
}

export interface ServedResult {
  readonly served: boolean;
  readonly answers: ServedAnswers;
  /** Why it counts as served, or what the last wrong answer was; one sentence. */
  readonly reason: string;
}

type Tally = { -readonly [K in keyof ServedAnswers]: number };

const defaultTimeoutMs = 2_000;
const defaultIntervalMs = 20;

/** Asks until the color answers `count` times in a row on both kinds of connection, or time ends. */
export async function verifyServed(request: ServedRequest): Promise<ServedResult> {
  const connection = request.connection ?? keepConnection();
  try {
    return await verifyOn(connection, request);
  } finally {
    if (request.connection === undefined) connection.close();
  }
}

async function verifyOn(
  connection: ProbeConnection,
  request: ServedRequest,
): Promise<ServedResult> {
  const { clock = systemClock, count, withinMs, color } = request;
  const intervalMs = Math.max(1, request.intervalMs ?? defaultIntervalMs);
  const endMs = clock.now() + withinMs;
  // A clock that is set back must not make this endless.
  const maxRounds = Math.ceil(withinMs / intervalMs) + count;
  const answers: Tally = { blue: 0, green: 0, unnamed: 0, unanswered: 0 };
  let inRow = 0;
  let wrong = "nothing was asked";
  for (let round = 0; round < maxRounds; round += 1) {
    const leftMs = endMs - clock.now();
    if (leftMs <= 0 || request.signal?.aborted) break;
    const problem = await askTwice({ request, connection, leftMs, answers });
    // What the end of the time cut off says less than a wrong answer before it.
    if (problem !== null && (problem.answered || round === 0)) wrong = problem.sentence;
    inRow = problem === null ? inRow + 1 : 0;
    if (inRow >= count) {
      const reason = `${color} answered ${count} times in a row on fresh and on reused connections`;
      return { served: true, answers, reason };
    }
    await clock.sleep(Math.min(intervalMs, Math.max(0, endMs - clock.now())));
  }
  const reason =
    inRow === 0 ? wrong : `${color} answered ${inRow} times in a row, ${count} expected`;
  return { served: false, answers, reason };
}

interface Round {
  readonly request: ServedRequest;
  readonly connection: ProbeConnection;
  readonly leftMs: number;
  readonly answers: Tally;
}

interface Problem {
  readonly sentence: string;
  /** False when the probe was cut short by the end of the time. */
  readonly answered: boolean;
}

/** What is wrong with either answer; null when both are right. */
async function askTwice({ request, connection, leftMs, answers }: Round): Promise<Problem | null> {
  const { url, path, signal, timeoutMs = defaultTimeoutMs } = request;
  const asked = { url, path, timeoutMs: Math.min(leftMs, timeoutMs), ...(signal && { signal }) };
  const results = await Promise.all([probe(asked), probe({ ...asked, connection })]);
  const problems = results.map((result, lane): Problem | null => {
    answers[colorOf(result)] += 1;
    const problem = problemOf(request, result);
    if (problem === null) return null;
    const sentence = `${problem} (on a ${lane === 0 ? "fresh" : "reused"} connection)`;
    return { sentence, answered: result.kind !== "timeout" || leftMs >= timeoutMs };
  });
  return problems.find((problem) => problem?.answered) ?? problems.find(Boolean) ?? null;
}

function colorOf(result: ProbeResult): keyof ServedAnswers {
  if (result.kind !== "answered") return "unanswered";
  const color = result.headers[colorHeader];
  return isColor(color) ? color : "unnamed";
}

function problemOf(request: ServedRequest, result: ProbeResult): string | null {
  const { url, path, color, statuses, expectVersion, versionSource } = request;
  const where = targetOf({ url })?.origin ?? "the public address";
  if (result.kind !== "answered") return sentenceOf({ where, path, statuses: [] }, result);
  const from = colorOf(result);
  const subject = `${where} GET ${path} answered`;
  if (from === "unnamed") return `${subject} without naming a color, ${color} expected`;
  if (from !== color) return `${subject} from ${from}, ${color} expected`;
  const right = statuses ? statuses.includes(result.status) : result.status < 500;
  if (!right) return `${subject} ${result.status} from ${color}`;
  if (expectVersion === undefined) return null;
  const found = versionIn(result, versionSource);
  if (found === expectVersion) return null;
  return `${subject} from version ${found ?? "unknown"}, ${expectVersion} expected`;
}
