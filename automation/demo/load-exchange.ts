/** One request of the load and its full answer, without any retry. */
import { request as httpRequest } from "node:http";
import type { Agent, IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { messageOf } from "../../infra/errors.ts";
import type { Answer } from "./load-orders.ts";

/** A kept connection that was idle for longer isn't used again: the server may be closing it. */
const maxIdleMs = 800;

/** One request: with a body it is a POST. */
export interface Shot {
  readonly path: string;
  /** Idempotency key of an order. */
  readonly key?: string;
  readonly body?: string;
}

/** When each connection was last used, so that no request meets one that the server gives up. */
const usedAt = new WeakMap<Duplex, number>();

export function retireIdle(agent: Agent): void {
  const oldest = performance.now() - maxIdleMs;
  for (const socket of Object.values(agent.freeSockets).flatMap((sockets) => sockets ?? [])) {
    if ((usedAt.get(socket) ?? 0) < oldest) socket.destroy();
  }
}

/** Resolves with a full answer, whatever its status; rejects when it doesn't come whole in time. */
export function exchange(
  url: URL,
  shot: Shot,
  agent: Agent | false,
  timeoutMs: number,
): Promise<Answer> {
  const headers = shot.key === undefined ? {} : { "idempotency-key": shot.key };
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { method: methodOf(shot), agent, headers }, (response) => {
      usedAt.set(response.socket, performance.now());
      response.toArray().then((chunks: Buffer[]) => {
        resolve(answerOf(response, Buffer.concat(chunks).toString()));
      }, reject);
    });
    const timer = setTimeout(() => {
      request.destroy(new Error(`no full answer within ${timeoutMs} ms`));
    }, timeoutMs);
    request.on("error", reject).on("close", () => {
      clearTimeout(timer);
    });
    request.end(shot.body);
  });
}

export function methodOf(shot: Shot): string {
  return shot.body === undefined ? "GET" : "POST";
}

function answerOf({ statusCode = 0, headers }: IncomingMessage, body: string): Answer {
  const textOf = (name: string): string | null => headers[name]?.toString() ?? null;
  return {
    status: statusCode,
    color: textOf("x-bluegreen-color"),
    version: textOf("x-version"),
    body,
  };
}

/** An error of several connection attempts has a code but no message. */
export function reasonOf(error: unknown): string {
  const message = messageOf(error);
  return message === "" ? String((error as NodeJS.ErrnoException).code) : message;
}
