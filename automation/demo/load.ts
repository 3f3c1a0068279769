/** Starts the load client, a process of its own, and asks it for its counts. */
import assert from "node:assert/strict";
import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { Socket } from "node:net";
import { BlueGreenError, messageOf } from "../../infra/errors.ts";
import type { LoadCount, LoadStep } from "./load-facts.ts";

export interface LoadSpec {
  /** `http://host:port` of the public address. */
  readonly url: string;
  /** Requests per second, sent whether or not earlier ones were answered; default 300. */
  readonly ratePerSecond?: number;
  /** Connections kept alive for one half of the requests; default 16. */
  readonly connections?: number;
  /** Default 5. */
  readonly webSockets?: number;
  /** The load ends by itself after this time; default 10 minutes. */
  readonly maxMs?: number;
  /** The load ends by itself after this many requests; default no limit. */
  readonly maxRequests?: number;
  /** A request without a full answer, or a text without its echo, by then has failed; 5,000. */
  readonly timeoutMs?: number;
}

/** The load as the process of its own gets it. */
export interface LoadOrder extends Required<Omit<LoadSpec, "maxRequests">> {
  readonly maxRequests: number | null;
}

export type LoadRequest =
  | { readonly id: number; readonly kind: "start"; readonly order: LoadOrder }
  | { readonly id: number; readonly kind: "count" | "stop" }
  | { readonly id: number; readonly kind: "mark"; readonly label: string };

export type LoadReply =
  | { readonly id: number; readonly kind: "started" }
  | { readonly id: number; readonly kind: "counted"; readonly count: LoadCount }
  | { readonly id: number; readonly kind: "marked"; readonly step: LoadStep };

export interface Load {
  readonly pid: number;
  /** Everything since the start. */
  count(): Promise<LoadCount>;
  /** Ends a step under this name; returns what happened since the mark before. */
  mark(label: string): Promise<LoadStep>;
  /** Sends no more, waits for what is in flight, checks the orders; then the process ends. */
  stop(): Promise<LoadCount>;
  /** Ends the process at once. */
  kill(): void;
}

type Question = LoadRequest extends infer R
  ? R extends LoadRequest
    ? Omit<R, "id">
    : never
  : never;

interface Waiting {
  readonly resolve: (reply: LoadReply) => void;
  readonly reject: (error: Error) => void;
}

const answerMs = 5_000;
const startMs = 10_000;
const exitMs = 2_000;
const maxComplaint = 2_000;

/**
 * Resolves when the load has begun. Throws USAGE on a bad spec, an Error when the process ends or
 * doesn't answer in time.
 */
export async function startLoad(spec: LoadSpec): Promise<Load> {
  const order = orderOf(spec);
  const client = new LoadClient();
  try {
    await client.ask({ kind: "start", order }, startMs);
  } catch (error) {
    client.kill();
    throw error;
  }
  let final: Promise<LoadCount> | null = null;
  return {
    pid: client.pid,
    count: () => final ?? client.count("count", answerMs),
    mark: (label) => client.mark(label),
    stop: () => (final ??= client.stop(3 * order.timeoutMs + startMs)),
    kill: () => {
      client.kill();
    },
  };
}

function orderOf(spec: LoadSpec): LoadOrder {
  const order: LoadOrder = {
    ratePerSecond: 300,
    connections: 16,
    webSockets: 5,
    maxMs: 600_000,
    timeoutMs: 5_000,
    maxRequests: null,
    ...spec,
  };
  const problems = [
    ...(URL.parse(order.url)?.protocol === "http:" ? [] : [`url ${order.url} isn't http://...`]),
    ...outside("ratePerSecond", order.ratePerSecond, [1, 2_000]),
    ...outside("connections", order.connections, [1, 256]),
    ...outside("webSockets", order.webSockets, [0, 100]),
    ...outside("maxMs", order.maxMs, [100, 3_600_000]),
    ...outside("timeoutMs", order.timeoutMs, [50, 60_000]),
    ...outside("maxRequests", order.maxRequests ?? 1, [1, 10_000_000]),
  ];
  if (problems.length === 0) return order;
  throw new BlueGreenError("USAGE", "the load can't be run like this", { details: problems });
}

function outside(name: string, value: number, [min, max]: readonly [number, number]): string[] {
  if (Number.isInteger(value) && value >= min && value <= max) return [];
  return [`${name} ${value} isn't a whole number from ${min} to ${max}`];
}

/** The process and the questions it hasn't answered yet. */
class LoadClient {
  readonly #process: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  readonly #ended: Promise<void>;
  #complaint = "";
  #nextId = 1;

  /** The process hears of our end by its closed channel; it doesn't keep us alive. */
  constructor() {
    const file = new URL("./load-process.ts", import.meta.url);
    const child = fork(file, {
      execPath: process.execPath,
      execArgv: [],
      env: {},
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    this.#process = child;
    child.on("message", (message) => {
      const reply = message as LoadReply;
      this.#waiting.get(reply.id)?.resolve(reply);
    });
    child.stderr?.on("data", (chunk: Buffer) => {
      this.#complaint = (this.#complaint + chunk.toString()).slice(-maxComplaint);
    });
    const gone = new Promise<void>((resolve) => {
      child.once("exit", () => {
        resolve();
      });
      child.on("error", (error) => {
        this.#complaint += messageOf(error);
        resolve();
      });
    });
    const silent = new Promise((resolve) => child.stderr?.once("close", resolve));
    this.#ended = Promise.all([gone, silent]).then(() => {
      for (const { reject } of this.#waiting.values()) reject(this.#endError());
    });
    child.unref();
    child.channel?.unref();
    if (child.stderr instanceof Socket) child.stderr.unref();
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  async ask(question: Question, deadlineMs: number): Promise<LoadReply> {
    if (!this.#process.connected) throw this.#endError();
    const { promise, resolve, reject } = Promise.withResolvers<LoadReply>();
    const id = this.#nextId++;
    this.#waiting.set(id, { resolve, reject });
    const timer = setTimeout(() => {
      reject(new Error(`the load process gave no answer to ${question.kind} in ${deadlineMs} ms`));
    }, deadlineMs);
    try {
      this.#process.send({ id, ...question }, (error) => {
        if (error === null) return;
        void this.#ended.then(() => {
          reject(this.#endError());
        });
      });
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(id);
    }
  }

  async count(kind: "count" | "stop", deadlineMs: number): Promise<LoadCount> {
    const reply = await this.ask({ kind }, deadlineMs);
    assert(reply.kind === "counted");
    return reply.count;
  }

  async mark(label: string): Promise<LoadStep> {
    const reply = await this.ask({ kind: "mark", label }, answerMs);
    assert(reply.kind === "marked");
    return reply.step;
  }

  /** The process is gone afterwards, whatever it answered. */
  async stop(deadlineMs: number): Promise<LoadCount> {
    try {
      return await this.count("stop", deadlineMs);
    } finally {
      if (this.#process.connected) this.#process.disconnect();
      const timer = setTimeout(() => {
        this.kill();
      }, exitMs);
      await this.#ended;
      clearTimeout(timer);
    }
  }

  kill(): void {
    this.#process.kill("SIGKILL");
  }

  #endError(): Error {
    const { exitCode, signalCode } = this.#process;
    const how = signalCode ?? (exitCode === null ? "" : `exit code ${exitCode}`);
    return new Error(`the load process has ended (${how}) ${this.#complaint}`.trim());
  }
}
