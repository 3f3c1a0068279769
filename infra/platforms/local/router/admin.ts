/** The admin interface: HTTP on a private unix socket, for the driver and for metrics. */

import { chmod, rename, rm } from "node:fs/promises";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { createServer } from "node:http";

import { z } from "zod";

import type { ErrorCode } from "../../../errors.ts";
import { BlueGreenError } from "../../../errors.ts";
import { formatMetrics } from "./metrics.ts";
import type { RoutesChange } from "./protocol.ts";
import { protocolVersion } from "./protocol.ts";
import type { Router } from "./router.ts";
import { toWire } from "./wire-error.ts";

const maxBodyBytes = 1_000_000;
const requestDeadlineMs = 10_000;

export class AdminServer {
  readonly #router: Router;
  readonly #server: Server;
  readonly #onStop: () => void;

  /** `onStop` is called when somebody asked the router to stop and it no longer listens. */
  constructor(router: Router, onStop: () => void) {
    this.#router = router;
    this.#onStop = onStop;
    this.#server = createServer({ requestTimeout: requestDeadlineMs }, (req, res) => {
      void this.#handle(req, res);
    });
  }

  /**
   * Takes the socket's path over from whoever had it: bound under another name and moved into
   * place, so that there is always either the former socket or this one, and only ever mode 0600.
   */
  async listen(path: string): Promise<void> {
    const temporary = `${path}.${process.pid}`;
    await rm(temporary, { force: true });
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    this.#server.once("error", reject);
    this.#server.listen(temporary, () => {
      this.#server.off("error", reject);
      resolve(undefined);
    });
    await promise;
    await chmod(temporary, 0o600);
    await rename(temporary, path);
  }

  close(): void {
    this.#server.close();
    this.#server.closeIdleConnections();
  }

  async #handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
    try {
      await this.#answer(req, res);
    } catch (error) {
      reply(res, { status: statusOf(error), json: { error: toWire(error) } });
    }
  }

  async #answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    switch (`${req.method ?? ""} ${req.url ?? ""}`) {
      case "GET /status":
        break;
      case "PUT /routes":
        await this.#router.setRoutes(parseChange(await readBody(req)));
        break;
      case "PUT /settings":
        await this.#router.setSettings(parseBody(settingsShape, await readBody(req)));
        break;
      case "POST /stop":
        await this.#stop(res);
        return;
      case "GET /metrics":
        reply(res, { status: 200, text: formatMetrics(this.#router.status()) });
        return;
      default:
        throw new BlueGreenError(
          "USAGE",
          `this router has no ${req.method ?? ""} ${req.url ?? ""}`,
          {
            hint: `It speaks protocol ${protocolVersion}; restart it with the bluegreen in use.`,
          },
        );
    }
    reply(res, { status: 200, json: this.#router.status() });
  }

  /** Replies once the port is free and nothing more will be written to the routes. */
  async #stop(res: ServerResponse): Promise<void> {
    await this.#router.stop();
    res.once("close", this.#onStop);
    reply(res, { status: 200, json: this.#router.status() });
  }
}

const settingsShape = z.object({
  drainMs: z.number().min(0),
  accessLog: z.boolean(),
  /** An older caller doesn't know these two. */
  pauseMs: z.number().min(0).default(0),
  sticky: z.boolean().default(false),
});
const changeShape = z.object({ routes: z.looseObject({}), ifGeneration: z.int().optional() });

/** The routes themselves are checked by the router. */
function parseChange(body: unknown): RoutesChange {
  return parseBody(changeShape, body) as unknown as RoutesChange;
}

function parseBody<T>(shape: z.ZodType<T>, body: unknown): T {
  const parsed = shape.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new BlueGreenError("SETTINGS_INVALID", z.prettifyError(parsed.error));
}

async function readBody(req: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBodyBytes) throw new BlueGreenError("SETTINGS_INVALID", "the body is too large");
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch (error) {
    throw new BlueGreenError("SETTINGS_INVALID", "the body isn't JSON", { cause: error });
  }
}

const statuses: Partial<Record<ErrorCode, number>> = {
  SETTINGS_INVALID: 400,
  COLOR_EMPTY: 400,
  RECORD_NEWER: 400,
  USAGE: 404,
  DRIFT: 409,
  COLOR_BUSY: 409,
  ROUTER_DOWN: 503,
  STORE_FAILED: 507,
};

function statusOf(error: unknown): number {
  return (error instanceof BlueGreenError ? statuses[error.code] : undefined) ?? 500;
}

function reply(
  res: ServerResponse,
  content: { readonly status: number; readonly json?: unknown; readonly text?: string },
): void {
  if (res.headersSent || res.destroyed) return;
  const text = content.text ?? `${JSON.stringify(content.json)}\n`;
  const type =
    content.text === undefined ? "application/json" : "text/plain; version=0.0.4; charset=utf-8";
  res.writeHead(content.status, { "content-type": type, connection: "close" });
  res.end(text);
}
