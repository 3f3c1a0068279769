/** The supervisor's door: a socket that only its owner may open. */

import { chmodSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";

import { messageOf } from "../../../errors.ts";
import { specSchema } from "./color-spec.ts";
import type { ColorSpec } from "./color-spec.ts";
import type { SupervisedColor } from "./supervised-color.ts";

const bodyMaxBytes = 4 * 1024 * 1024;
const requestDeadlineMs = 10_000;

/** What `POST /stop` carries. */
export interface StopOrder {
  readonly drainMs: number;
}

/**
 * GET /status, PUT /spec and POST /stop, all answered with the color's status. `onStop` is called
 * after the answer to a stop is on its way.
 */
export async function openAdmin(
  socket: string,
  color: SupervisedColor,
  onStop: (order: StopOrder) => void,
): Promise<Server> {
  const server = createServer((request, response) => {
    answer(request, response, color, onStop).catch((error: unknown) => {
      reply(response, 500, { message: messageOf(error) });
    });
  });
  server.requestTimeout = requestDeadlineMs;
  // The lock says that no living supervisor listens there.
  rmSync(socket, { force: true });
  // Its folder is private, so nobody else reaches it before its mode is set; a umask would be
  // inherited by applications that start meanwhile.
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(socket, resolve);
  });
  chmodSync(socket, 0o600);
  return server;
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  color: SupervisedColor,
  onStop: (order: StopOrder) => void,
): Promise<void> {
  const what = `${request.method ?? ""} ${request.url ?? ""}`;
  if (what === "GET /status") {
    reply(response, 200, color.status);
  } else if (what === "PUT /spec") {
    const spec = (await readJson(request)) as ColorSpec;
    if ((spec.schema as number) !== specSchema) {
      reply(response, 400, { message: `this supervisor knows specs of schema ${specSchema}` });
    } else if (color.isStopping) {
      reply(response, 409, { message: "the color is being stopped" });
    } else {
      await color.apply(spec);
      reply(response, 200, color.status);
    }
  } else if (what === "POST /stop") {
    const order = (await readJson(request)) as StopOrder;
    reply(response, 202, color.status);
    onStop(order);
  } else {
    reply(response, 404, { message: `unknown request: ${what}` });
  }
}

function reply(response: ServerResponse, status: number, body: object): void {
  if (response.headersSent) return;
  response.writeHead(status, { "content-type": "application/json", connection: "close" });
  response.end(JSON.stringify(body));
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > bodyMaxBytes) throw new Error(`more than ${bodyMaxBytes} bytes`);
    chunks.push(chunk);
  }
  return JSON.parse(Buffer.concat(chunks).toString("utf8"));
}
