/** Replies that the router gives by itself, as short plain text. */

import type { ServerResponse } from "node:http";

import type { Color } from "../../../model.ts";
import { colorHeader } from "../../../headers.ts";

export interface PlainReply {
  /** The color that was to answer; null when none was chosen. */
  readonly color: Color | null;
  /** True ends the client's connection with the reply. */
  readonly close: boolean;
  /** Seconds after which to try again. */
  readonly retryAfter?: number;
}

export function replyPlainly(
  res: ServerResponse,
  status: number,
  text: string,
  { color, close, retryAfter }: PlainReply,
): void {
  if (res.headersSent || res.destroyed) return;
  const headers = ["content-type", "text/plain; charset=utf-8", "content-length"];
  headers.push(String(Buffer.byteLength(text)), "cache-control", "no-store");
  if (color !== null) headers.push(colorHeader, color);
  if (retryAfter !== undefined) headers.push("retry-after", String(retryAfter));
  if (close) headers.push("connection", "close");
  res.writeHead(status, headers);
  res.end(text);
}

/** The head of a reply for a socket that HTTP no longer looks after. */
export function formatHead(status: number, message: string, headers: readonly string[]): string {
  let text = `HTTP/1.1 ${status} ${message}\r\n`;
  for (let index = 0; index + 1 < headers.length; index += 2) {
    text += `${headers[index] ?? ""}: ${headers[index + 1] ?? ""}\r\n`;
  }
  return `${text}\r\n`;
}
