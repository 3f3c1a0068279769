/** Asks a running router over its admin socket, with a deadline. */

import { readFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { BlueGreenError, messageOf } from "../../../errors.ts";
import type { RouterIdentity, RouterStatus, WireError } from "./protocol.ts";
import { oldestProtocol, protocolVersion, routerFiles } from "./protocol.ts";
import { socketPathOf } from "./socket-path.ts";
import { fromWire } from "./wire-error.ts";

const resetTries = 5;
const resetPauseMs = 30;

export interface AdminCall {
  readonly method: "GET" | "PUT" | "POST";
  readonly path: string;
  readonly body?: unknown;
  readonly deadlineMs: number;
}

/** What a router left in its folder; null when there is nothing, or nothing that can be used. */
export function readIdentity(dir: string): RouterIdentity | null {
  try {
    const found = JSON.parse(
      readFileSync(join(dir, routerFiles.identity), "utf8"),
    ) as Partial<RouterIdentity> | null;
    const usable =
      typeof found?.pid === "number" &&
      typeof found.started === "string" &&
      typeof found.socket === "string" &&
      typeof found.spec === "object";
    return usable ? (found as RouterIdentity) : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    if (isErrno(error, "ENOENT")) return null;
    throw error;
  }
}

/**
 * The reply's text; null when nobody listens.
 *
 * @throws BlueGreenError the router's own error, or ROUTER_DOWN when it doesn't answer in time.
 */
export async function callRouter(dir: string, call: AdminCall): Promise<string | null> {
  const socket = readIdentity(dir)?.socket ?? socketPathOf(dir);
  const reply = await exchangeSurely(socket, call);
  if (reply === null || reply.status === 200) return reply?.text ?? null;
  throw errorOf(reply.text);
}

/** Refuses to guess at the words of a router that this code doesn't know. */
export function parseStatus(text: string): RouterStatus {
  const status = JSON.parse(text) as RouterStatus;
  if (speaks(status)) return status;
  const message = `the running router speaks protocol ${status.protocol}, this bluegreen ${oldestProtocol} to ${protocolVersion}`;
  const hint =
    status.protocol > protocolVersion
      ? "Use the bluegreen that started the router, or a newer one."
      : "Stop it with the bluegreen that started it; the next start keeps its routes.";
  throw new BlueGreenError("ROUTER_DOWN", message, { hint });
}

export function speaks(status: Pick<RouterStatus, "protocol">): boolean {
  return status.protocol >= oldestProtocol && status.protocol <= protocolVersion;
}

type Reply = { readonly status: number; readonly text: string } | null;

/**
 * A router that ends just now resets the connection before its socket is gone: asked again, it
 * either answers or isn't there. All calls set rather than toggle, so that once more does no harm.
 */
async function exchangeSurely(socketPath: string, call: AdminCall): Promise<Reply> {
  for (let left = resetTries; left > 0; left -= 1) {
    try {
      return await exchange(socketPath, call);
    } catch (error) {
      if (left === 1 || !(error instanceof Error) || !isErrno(error.cause, "ECONNRESET"))
        throw error;
      await sleep(resetPauseMs);
    }
  }
  return null;
}

function exchange(socketPath: string, call: AdminCall): Promise<Reply> {
  const { promise, resolve, reject } = Promise.withResolvers<Reply>();
  const body = call.body === undefined ? undefined : JSON.stringify(call.body);
  const signal = AbortSignal.timeout(call.deadlineMs);
  const fail = (error: unknown) => {
    if (isErrno(error, "ENOENT") || isErrno(error, "ECONNREFUSED")) resolve(null);
    else reject(downError(call, error, signal.aborted ? "no answer in time" : messageOf(error)));
  };
  const headers = body === undefined ? {} : { "content-length": Buffer.byteLength(body) };
  const { method, path } = call;
  const req = request({ socketPath, method, path, headers, signal, agent: false }, (res) => {
    let text = "";
    res.setEncoding("utf8");
    res.on("data", (chunk: string) => (text += chunk));
    res.on("error", fail);
    res.on("end", () => {
      resolve({ status: res.statusCode ?? 0, text });
    });
  });
  req.on("error", fail);
  req.end(body);
  return promise;
}

function downError(call: AdminCall, cause: unknown, why: string): BlueGreenError {
  const message = `the router didn't answer ${call.method} ${call.path}: ${why}`;
  return new BlueGreenError("ROUTER_DOWN", message, {
    hint: "See router.log in its folder; starting the router again replaces one that hangs.",
    cause,
  });
}

function errorOf(text: string): BlueGreenError {
  let wire: WireError;
  try {
    wire = (JSON.parse(text) as { error: WireError }).error;
  } catch (error) {
    return new BlueGreenError(
      "ROUTER_DOWN",
      `the router's reply isn't JSON: ${text.slice(0, 200)}`,
      {
        cause: error,
      },
    );
  }
  return fromWire(wire);
}

export function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
