/** Asks an instance whether it can serve: one GET, judged by its status alone. */

import { get } from "node:http";
import type { ClientRequest, IncomingMessage } from "node:http";

import type { HealthSpec } from "./color-spec.ts";

export interface HealthAnswer {
  readonly healthy: boolean;
  /** What was seen, for people: "GET /healthz answered 302". */
  readonly seen: string;
}

export interface HealthTarget {
  readonly host: string;
  readonly port: number;
  readonly health: HealthSpec;
}

/** More of an answer's body is never read. */
const bodyMaxBytes = 64 * 1024;

/**
 * A fresh connection each time, no redirects followed. Everything that goes wrong is an answer
 * too: it never throws. An aborted `signal` ends it at once.
 */
export function checkHealth(target: HealthTarget, signal?: AbortSignal): Promise<HealthAnswer> {
  const { path, timeoutMs } = target.health;
  return new Promise((resolve) => {
    const request = get({ host: target.host, port: target.port, path, agent: false });
    const settle = (healthy: boolean, what: string) => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      request.destroy();
      resolve({ healthy, seen: `GET ${path} ${what}` });
    };
    const timer = setTimeout(settle, timeoutMs, false, `didn't answer within ${timeoutMs} ms`);
    const onAbort = () => {
      settle(false, "was interrupted");
    };
    signal?.addEventListener("abort", onAbort, { once: true });
    if (signal?.aborted === true) onAbort();
    listen(request, target.health.statuses, settle);
  });
}

type Settle = (healthy: boolean, what: string) => void;

function listen(request: ClientRequest, statuses: readonly number[], settle: Settle): void {
  request.on("error", (error) => {
    settle(false, `failed: ${connectionProblem(error)}`);
  });
  request.on("upgrade", (_response, socket) => {
    socket.destroy();
    settle(false, "answered 101");
  });
  request.on("response", (response) => {
    const status = response.statusCode ?? 0;
    if (statuses.includes(status)) drain(response, status, settle);
    else settle(false, `answered ${status}`);
  });
}

/** An answer that breaks off isn't healthy; one that is merely long is. */
function drain(response: IncomingMessage, status: number, settle: Settle): void {
  let bytes = 0;
  response.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > bodyMaxBytes) settle(true, `answered ${status}`);
  });
  response.on("end", () => {
    settle(true, `answered ${status}`);
  });
  response.on("error", (error) => {
    settle(false, `answered ${status} and broke off: ${connectionProblem(error)}`);
  });
}

function connectionProblem(error: Error): string {
  const code = "code" in error ? String(error.code) : error.message;
  if (code === "ECONNREFUSED") return "nothing listens on the port";
  return code === "ECONNRESET" ? "the connection was reset" : code;
}
