/** The load client, a process of its own: counts each request, retries none. */

import { Agent, request } from "node:http";
import { WebSocket } from "ws";
import { isColor } from "../infra/model.ts";
import { instanceHeader } from "./client-facts.ts";
import type { ClientOrder, ClientQuestion, ClientResult, Sample } from "./client-facts.ts";
import { nowMs } from "./clock.ts";

/** By the router. */
const colorHeader = "x-bluegreen-color";
const timeoutMs = 10_000;
const tickMs = 2;
const maxInFlight = 2_000;
const slowEvery = 100;
const slowMs = 200;
const textEveryMs = 100;
const echoMs = 2_000;

class Run {
  readonly #order: ClientOrder;
  readonly #kept: Agent;
  readonly #samples: Sample[] = [];
  readonly #inFlight = new Set<Promise<void>>();
  readonly #sockets = { sent: 0, echoed: 0, closed: 0 };
  readonly #open: WebSocket[] = [];
  readonly #startedAt = nowMs();
  readonly #timers: NodeJS.Timeout[] = [];
  #next = 0;
  #unsent = 0;
  #ended = false;

  constructor(order: ClientOrder) {
    this.#order = order;
    const { connections, mode, webSockets } = order;
    this.#kept = new Agent({ keepAlive: true, scheduling: "fifo", maxSockets: connections });
    for (let each = 0; each < webSockets; each += 1) this.#connect();
    if (mode === "paced") this.#timers.push(setInterval(this.#tick.bind(this), tickMs));
    else for (let each = 0; each < connections; each += 1) this.#track(this.#again());
  }

  async stop(): Promise<ClientResult> {
    this.#ended = true;
    for (const timer of this.#timers) clearInterval(timer);
    await Promise.all(this.#inFlight);
    const deadline = nowMs() + echoMs;
    while (this.#sockets.echoed < this.#sockets.sent && nowMs() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    const { sent, echoed, closed } = this.#sockets;
    for (const socket of this.#open) socket.terminate();
    this.#kept.destroy();
    return {
      samples: this.#samples,
      sockets: { sent, lost: sent - echoed, closed },
      unsent: this.#unsent,
    };
  }

  #tick(): void {
    const elapsed = Math.min(nowMs() - this.#startedAt, this.#order.ms);
    const due = Math.floor((elapsed * this.#order.ratePerSecond) / 1_000);
    for (; this.#next < due && !this.#ended; this.#next += 1) {
      if (this.#inFlight.size < maxInFlight) this.#track(this.#one(this.#next));
      else this.#unsent += 1;
    }
  }

  async #again(): Promise<void> {
    while (!this.#ended && nowMs() - this.#startedAt < this.#order.ms) {
      await this.#one((this.#next += 1));
    }
  }

  #track(work: Promise<void>): void {
    const tracked = work.finally(() => this.#inFlight.delete(tracked));
    this.#inFlight.add(tracked);
  }

  async #one(n: number): Promise<void> {
    const { mixed, url, anyBody = false } = this.#order;
    const slow = mixed && n % slowEvery === 0;
    const body = mixed && n % 2 === 0 ? `order ${n}` : null;
    const fresh = this.#order.fresh && n % 4 < 2;
    const startedAt = nowMs();
    const path = slow ? `/slow?ms=${slowMs}` : "/";
    const agent = fresh ? false : this.#kept;
    const reply = await exchange(`${url}${path}`, { body, anyBody, agent });
    this.#samples.push({ startedAt, endedAt: nowMs(), post: body !== null, slow, ...reply });
  }

  #connect(): void {
    const socket = new WebSocket(this.#order.url.replace(/^http/, "ws"));
    this.#open.push(socket);
    socket.on("open", () => {
      const timer = setInterval(() => {
        this.#sockets.sent += 1;
        socket.send("text");
      }, textEveryMs);
      this.#timers.push(timer);
      socket.on("close", () => {
        clearInterval(timer);
      });
    });
    socket.on("message", () => (this.#sockets.echoed += 1));
    socket.on("error", () => {
      socket.terminate();
    });
    socket.on("close", () => {
      if (this.#ended) return;
      this.#sockets.closed += 1;
      setTimeout(() => {
        if (!this.#ended) this.#connect();
      }, textEveryMs);
    });
  }
}

/** Never rejects: what went wrong is the problem. */
function exchange(
  url: string,
  {
    body,
    anyBody,
    agent,
  }: { readonly body: string | null; readonly anyBody: boolean; readonly agent: Agent | false },
): Promise<Pick<Sample, "color" | "problem">> {
  return new Promise((resolve) => {
    const method = body === null ? "GET" : "POST";
    const asked = request(url, { method, agent, timeout: timeoutMs }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (part: string) => (text += part));
      response.on("error", fail);
      response.on("end", () => {
        const named = response.headers[instanceHeader] ?? response.headers[colorHeader];
        const color = isColor(named) ? named : null;
        const right = response.statusCode === 200 && (anyBody || text === (body ?? ""));
        resolve({ color, problem: right ? null : `status ${response.statusCode ?? 0}` });
      });
    });
    function fail(error: Error): void {
      resolve({ color: null, problem: error.message });
    }
    asked.on("timeout", () => asked.destroy(new Error(`no reply within ${timeoutMs} ms`)));
    asked.on("error", fail);
    asked.end(body ?? undefined);
  });
}

let run: Run | null = null;

process.on("message", (message) => {
  const question = message as ClientQuestion;
  if (question.kind === "start") {
    run = new Run(question.order);
    process.send?.({ started: true });
  } else {
    void run?.stop().then((result) => process.send?.(result));
  }
});
process.on("disconnect", () => process.exit(0));
