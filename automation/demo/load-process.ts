/** The load client's process: an open loop of requests and echoing WebSockets, without any retry. */
import { randomBytes } from "node:crypto";
import { Agent } from "node:http";
import { countOf, emptyTally, fold, mark } from "./load-count.ts";
import { Echo } from "./load-echo.ts";
import { exchange, methodOf, reasonOf, retireIdle } from "./load-exchange.ts";
import type { Shot } from "./load-exchange.ts";
import type { LoadCount, LoadEvent, LoadStep, SocketFact } from "./load-facts.ts";
import { addCheck, checkOf, emptyCheck, faultOf } from "./load-orders.ts";
import type { Answer, OrderCheck } from "./load-orders.ts";
import type { LoadOrder, LoadReply, LoadRequest } from "./load.ts";

/** Ten requests: six lists, two pages, two orders. */
const mix = "LLPLOLLPLO";
const tickMs = 5;
const textEveryMs = 100;
const keysPerCheck = 500;
/** Some room above what a rate can have in flight when nothing is answered. */
const spareInFlight = 50;
/** After a stall the rest is caught up at twice the rate: a burst would overrun a listen queue. */
const catchUp = 2;
/** A tick that is later than this counts as a stall. */
const stallMs = 50;
/** How long the process outlives its load when nobody asks it to stop. */
const lingerMs = 60_000;

const noAnswer = { status: null, color: null, version: null };

/** Sends by the clock, not by the answers: what is due is sent however slow the service is. */
class LoadRun {
  readonly #order: LoadOrder;
  readonly #id = randomBytes(6).toString("hex");
  readonly #startedAt = new Date().toISOString();
  readonly #start = performance.now();
  readonly #kept: Agent;
  readonly #echoes: readonly Echo[];
  readonly #acknowledged: string[] = [];
  readonly #inFlight = new Set<Promise<void>>();
  readonly #timers: NodeJS.Timeout[];
  #tally = emptyTally;
  #next = 0;
  #lastTickAt = 0;

  constructor(order: LoadOrder) {
    const note = (fact: SocketFact): void => {
      this.#note({ kind: "socket", fact });
    };
    this.#order = order;
    this.#kept = new Agent({
      keepAlive: true,
      scheduling: "fifo",
      maxFreeSockets: order.connections,
    });
    this.#echoes = Array.from({ length: order.webSockets }, (_, i) => {
      return new Echo(`${this.#id}-${i}`, order, note);
    });
    this.#timers = [
      setInterval(this.#tick.bind(this), tickMs),
      ...this.#echoes.map((echo) => setInterval(echo.beat.bind(echo), textEveryMs)),
    ];
  }

  count(orders?: OrderCheck): LoadCount {
    const moment = { at: this.#now(), startedAt: this.#startedAt };
    return countOf(this.#tally, orders === undefined ? moment : { ...moment, orders });
  }

  mark(label: string): LoadStep {
    const { tally, step } = mark(this.#tally, label, this.#now());
    this.#tally = tally;
    return step;
  }

  async stop(): Promise<LoadCount> {
    this.#finish();
    await Promise.all([...this.#inFlight, ...this.#echoes.map((echo) => echo.close())]);
    const orders = await this.#checkOrders();
    this.#kept.destroy();
    return this.count(orders);
  }

  #finish(): void {
    for (const timer of this.#timers.splice(0)) clearInterval(timer);
    this.#note({ kind: "finished", at: this.#now() });
  }

  #tick(): void {
    const { ratePerSecond, maxMs, maxRequests } = this.#order;
    const now = this.#now();
    const sinceMs = now - this.#lastTickAt;
    const most = Math.ceil((catchUp * ratePerSecond * Math.min(sinceMs, stallMs)) / 1000);
    const lateMs = sinceMs - tickMs;
    if (lateMs > stallMs) this.#note({ kind: "stalled", ms: lateMs });
    this.#lastTickAt = now;
    const due = Math.min((Math.min(now, maxMs) * ratePerSecond) / 1000, maxRequests ?? Infinity);
    const until = Math.min(Math.floor(due), this.#next + most);
    for (; this.#next < until; this.#next += 1) this.#shoot(this.#next);
    if (now >= maxMs || this.#next === maxRequests) this.#finish();
  }

  #shoot(n: number): void {
    const { ratePerSecond, timeoutMs } = this.#order;
    if (this.#inFlight.size >= (ratePerSecond * timeoutMs) / 1000 + spareInFlight) {
      this.#note({ kind: "unsent" });
      return;
    }
    const keepAlive = (n + Math.floor(n / mix.length)) % 2 === 0;
    const done = this.#fire(this.#shotOf(n), keepAlive).finally(() => this.#inFlight.delete(done));
    this.#inFlight.add(done);
  }

  #shotOf(n: number): Shot {
    const kind = mix.charAt(n % mix.length);
    if (kind !== "O") return { path: kind === "P" ? "/" : "/products" };
    const body = JSON.stringify({ product: "tea", quantity: 1 });
    return { path: "/orders", key: `${this.#id}-${n}`, body };
  }

  async #fire(shot: Shot, keepAlive: boolean): Promise<void> {
    const post = shot.key !== undefined;
    this.#note({ kind: "sent", post });
    const began = performance.now();
    if (keepAlive) retireIdle(this.#kept);
    const { answer, reason } = await this.#exchange(shot, keepAlive ? this.#kept : false).then(
      (full) => ({ answer: full, reason: faultOf(full, shot.key) }),
      (error: unknown) => ({ answer: null, reason: reasonOf(error) }),
    );
    if (shot.key !== undefined && reason === null) this.#acknowledged.push(shot.key);
    this.#note({
      kind: "ended",
      at: this.#now(),
      request: `${methodOf(shot)} ${shot.path}`,
      post,
      latencyMs: performance.now() - began,
      ...(answer ?? noAnswer),
      reason,
    });
  }

  #exchange(shot: Shot, agent: Agent | false): Promise<Answer> {
    const url = new URL(shot.path, this.#order.url);
    return exchange(url, shot, agent, this.#order.timeoutMs);
  }

  async #checkOrders(): Promise<OrderCheck> {
    const keys = this.#acknowledged;
    let check: OrderCheck = emptyCheck(keys.length);
    for (let i = 0; i < keys.length && check.problem === null; i += keysPerCheck) {
      const body = JSON.stringify({ keys: keys.slice(i, i + keysPerCheck) });
      try {
        const answer = await this.#exchange({ path: "/orders/check", body }, false);
        check = addCheck(check, checkOf(answer));
      } catch (error) {
        check = { ...check, problem: reasonOf(error) };
      }
    }
    return check;
  }

  #note(event: LoadEvent): void {
    this.#tally = fold(this.#tally, event);
  }

  #now(): number {
    return performance.now() - this.#start;
  }
}

let run: LoadRun | null = null;

async function reply(request: LoadRequest): Promise<LoadReply> {
  const { id, kind } = request;
  if (kind === "start") {
    run = new LoadRun(request.order);
    setTimeout(() => process.exit(0), request.order.maxMs + lingerMs);
    return { id, kind: "started" };
  }
  if (run === null) throw new Error("the load was never started");
  if (kind === "mark") return { id, kind: "marked", step: run.mark(request.label) };
  return { id, kind: "counted", count: kind === "stop" ? await run.stop() : run.count() };
}

process.on("message", (message) => {
  void reply(message as LoadRequest).then((answer) => process.send?.(answer));
});
// Who started the load ends it; an interrupt from the terminal reaches both processes.
process.on("SIGINT", () => undefined);
process.on("disconnect", () => process.exit(0));
