/** Reads a JSON body, within a limit. */
import type { IncomingMessage } from "node:http";

const maxBytes = 128 * 1024;

/** A request that the client has to change. */
export class BadRequest extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = "BadRequest";
    this.status = status;
  }
}

/** The body as an object. Throws BadRequest on too many bytes and on anything else than JSON. */
export async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new BadRequest(413, `the body is over ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return objectOf(Buffer.concat(chunks).toString("utf8"));
}

function objectOf(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  } catch (error) {
    throw new BadRequest(400, `the body isn't JSON: ${String(error)}`);
  }
  throw new BadRequest(400, "the body isn't a JSON object");
}
