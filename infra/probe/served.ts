/** Proof that a color serves: consecutive answers through the public address. */

import { systemClock } from "../clock.ts";
import type { Clock } from "../clock.ts";
import type { Color } from "../model.ts";
import { keepConnection } from "./connection.ts";
import type { ProbeConnection } from "./connection.ts";
import { probe } from "./exchange.ts";
import { colorOf, sentenceOf } from "./result.ts";
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
  /** What of the color's ends it before its time; absent: nothing does, and `failing` is false. */
  readonly clearFailure?: ClearFailure;
  readonly clock?: Clock;
  readonly signal?: AbortSignal;
}

/** So many errors of the color and no good answer of it in between, for so long. */
export interface ClearFailure {
  readonly errors: number;
  /** Milliseconds from the first of them on. */
  readonly forMs: number;
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
  /** Answers of the color whose status isn't right, or that broke off. */
  readonly errors: number;
  /**
   * True when it is the color that fails: it was ended by a clear failure, or in the whole time at
   * least as many errors were its own, and most of what was wrong.
   */
  readonly failing: boolean;
  /** Why it counts as served, or what the last wrong answer was; one sentence. */
  readonly reason: string;
}

interface Tally {
  readonly answers: { -readonly [K in keyof ServedAnswers]: number };
  errors: number;
  errorsInRow: number;
  /** When the first of these was met. */
  rowSinceMs: number;
  /** Answers that weren't right, for whatever reason. */
  wrong: number;
}

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
  const tally = newTally();
  let inRow = 0;
  let wrong = "nothing was asked";
  for (let round = 0; round < maxRounds; round += 1) {
    const leftMs = endMs - clock.now();
    if (leftMs <= 0 || request.signal?.aborted) break;
    const problem = await askTwice({ request, connection, leftMs, tally });
    // What the end of the time cut off says less than a wrong answer before it.
    if (problem !== null && (problem.answered || round === 0)) wrong = problem.sentence;
    inRow = problem === null ? inRow + 1 : 0;
    if (inRow >= count) return proven(request, tally);
    if (isClear(request, tally)) break;
    await clock.sleep(Math.min(intervalMs, Math.max(0, endMs - clock.now())));
  }
  const reason =
    inRow === 0 ? wrong : `${color} answered ${inRow} times in a row, ${count} expected`;
  const { answers, errors, wrong: allWrong } = tally;
  const enough = errors >= (request.clearFailure?.errors ?? Infinity);
  const failing = isClear(request, tally) || (enough && errors > allWrong / 2);
  return { served: false, answers, errors, failing, reason };
}

function newTally(): Tally {
  const answers = { blue: 0, green: 0, unnamed: 0, unanswered: 0 };
  return { answers, errors: 0, errorsInRow: 0, rowSinceMs: 0, wrong: 0 };
}

function proven({ color, count }: ServedRequest, { answers, errors }: Tally): ServedResult {
  const reason = `${color} answered ${count} times in a row on fresh and on reused connections`;
  return { served: true, answers, errors, failing: false, reason };
}

interface Round {
  readonly request: ServedRequest;
  readonly connection: ProbeConnection;
  readonly leftMs: number;
  readonly tally: Tally;
}

interface Problem {
  readonly sentence: string;
  /** False when the probe was cut short by the end of the time. */
  readonly answered: boolean;
}

/** What is wrong with either answer; null when both are right. */
async function askTwice({ request, connection, leftMs, tally }: Round): Promise<Problem | null> {
  const { url, path, signal, timeoutMs = defaultTimeoutMs } = request;
  const asked = { url, path, timeoutMs: Math.min(leftMs, timeoutMs), ...(signal && { signal }) };
  const results = await Promise.all([probe(asked), probe({ ...asked, connection })]);
  const problems = results.map((result, lane): Problem | null => {
    const color = colorOf(result);
    tally.answers[color ?? (result.kind === "answered" ? "unnamed" : "unanswered")] += 1;
    const answered = result.kind !== "timeout" || leftMs >= timeoutMs;
    const problem = problemOf(request, result);
    if (answered && problem !== null) tally.wrong += 1;
    if (answered && color === request.color) judge(request, result, tally);
    if (problem === null) return null;
    const sentence = `${problem} (on a ${lane === 0 ? "fresh" : "reused"} connection)`;
    return { sentence, answered };
  });
  return problems.find((problem) => problem?.answered) ?? problems.find(Boolean) ?? null;
}

/** Counts an answer of the color that is asked for. */
function judge(request: ServedRequest, result: ProbeResult, tally: Tally): void {
  const { clock = systemClock } = request;
  const isError = result.kind !== "answered" || !isRight(request, result.status);
  if (isError && tally.errorsInRow === 0) tally.rowSinceMs = clock.now();
  tally.errors += isError ? 1 : 0;
  tally.errorsInRow = isError ? tally.errorsInRow + 1 : 0;
}

function isClear({ clearFailure, clock = systemClock }: ServedRequest, tally: Tally): boolean {
  if (!clearFailure || tally.errorsInRow < clearFailure.errors) return false;
  return clock.now() - tally.rowSinceMs >= clearFailure.forMs;
}

function problemOf(request: ServedRequest, result: ProbeResult): string | null {
  const { url, path, color, expectVersion, versionSource } = request;
  const where = targetOf({ url })?.origin ?? "the public address";
  const from = colorOf(result);
  if (result.kind !== "answered") {
    const sentence = sentenceOf({ where, path, statuses: [] }, result);
    return from === null ? sentence : `${sentence} (begun by ${from})`;
  }
  const subject = `${where} GET ${path} answered`;
  if (from === null) return `${subject} without naming a color, ${color} expected`;
  if (from !== color) return `${subject} from ${from}, ${color} expected`;
  if (!isRight(request, result.status)) return `${subject} ${result.status} from ${color}`;
  if (expectVersion === undefined) return null;
  const found = versionIn(result, versionSource);
  if (found === expectVersion) return null;
  return `${subject} from version ${found ?? "unknown"}, ${expectVersion} expected`;
}

function isRight({ statuses }: ServedRequest, status: number): boolean {
  return statuses ? statuses.includes(status) : status < 500;
}
