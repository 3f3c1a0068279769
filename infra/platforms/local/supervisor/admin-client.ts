/** Asks a color's supervisor, within a deadline. */

import { request as httpRequest } from "node:http";

import { messageOf } from "../../../errors.ts";
import type { StopOrder } from "./admin-server.ts";
import type { ColorSpec } from "./color-spec.ts";
import { statusSchema } from "./color-status.ts";
import type { ColorStatus } from "./color-status.ts";

const answerMaxBytes = 4 * 1024 * 1024;

export type Asked = { readonly kind: "get" } | SpecPut | StopPost;

interface SpecPut {
  readonly kind: "put";
  readonly spec: ColorSpec;
}

interface StopPost {
  readonly kind: "stop";
  readonly order: StopOrder;
}

/** Refused: it answered, and says why not. Silent: nobody answered in time. */
export type Answer =
  | { readonly kind: "status"; readonly status: ColorStatus }
  | { readonly kind: "refused"; readonly message: string }
  | { readonly kind: "silent"; readonly message: string };

export async function askSupervisor(
  socket: string,
  asked: Asked,
  deadlineMs: number,
): Promise<Answer> {
  try {
    const { status, body } = await exchange(socket, asked, deadlineMs);
    const answer = JSON.parse(body) as ColorStatus & { message?: string };
    if (status >= 400) return { kind: "refused", message: answer.message ?? `status ${status}` };
    if (answer.schema === statusSchema) return { kind: "status", status: answer };
    return { kind: "refused", message: `it speaks schema ${answer.schema}` };
  } catch (error) {
    return { kind: "silent", message: messageOf(error) };
  }
}

function exchange(
  socketPath: string,
  asked: Asked,
  deadlineMs: number,
): Promise<{ status: number; body: string }> {
  const { method, path, body } = requestOf(asked);
  return new Promise((resolve, reject) => {
    const request = httpRequest({ socketPath, method, path, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > answerMaxBytes) request.destroy(new Error("the answer is too long"));
        chunks.push(chunk);
      });
      response.on("error", reject);
      response.on("end", () => {
        const text = Buffer.concat(chunks).toString("utf8");
        resolve({ status: response.statusCode ?? 0, body: text });
      });
    });
    const timer = setTimeout(() => {
      request.destroy(new Error(`no answer within ${deadlineMs} ms`));
    }, deadlineMs);
    request.on("error", reject);
    request.on("close", () => {
      clearTimeout(timer);
    });
    request.end(body);
  });
}

function requestOf(asked: Asked): { method: string; path: string; body?: string } {
  switch (asked.kind) {
    case "get":
      return { method: "GET", path: "/status" };
    case "put":
      return { method: "PUT", path: "/spec", body: JSON.stringify(asked.spec) };
    case "stop":
      return { method: "POST", path: "/stop", body: JSON.stringify(asked.order) };
  }
}
