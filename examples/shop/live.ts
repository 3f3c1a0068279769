/** A small WebSocket endpoint (RFC 6455) that echoes short texts; needs no package. */
import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { frameOf, opcodes, readFrame } from "./frame.ts";
import type { Frame } from "./frame.ts";

/** Appended to the client's key; fixed by RFC 6455, section 1.3. */
const handshakeGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
/** How long a peer may take to answer our close. */
const closeMs = 1_000;

export class LiveSockets {
  readonly #open = new Map<Duplex, { closing: boolean }>();

  /** Takes over the connection of an upgrade request, or refuses it with 404, 426 or 503. */
  accept(
    request: IncomingMessage,
    socket: Duplex,
    options: { head: Buffer; stopping: boolean },
  ): void {
    socket.on("error", () => socket.destroy());
    const refusal = refusalOf(request, options.stopping);
    if (refusal !== null) {
      socket.end(`HTTP/1.1 ${refusal}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    socket.write(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
        `Sec-WebSocket-Accept: ${proofOf(request)}\r\n\r\n`,
    );
    this.#listen(socket, options.head);
  }

  /** Asks every peer to go; 1001 means that the server is going away. */
  closeAll(code: number): void {
    for (const socket of this.#open.keys()) this.#close(socket, code);
  }

  #listen(socket: Duplex, head: Buffer): void {
    let unread = head;
    this.#open.set(socket, { closing: false });
    socket.on("close", () => this.#open.delete(socket));
    socket.on("end", () => socket.end());
    socket.on("data", (chunk: Buffer) => {
      unread = this.#consume(socket, Buffer.concat([unread, chunk]));
    });
    unread = this.#consume(socket, unread);
  }

  /** Handles all whole frames and returns the bytes of an unfinished one. */
  #consume(socket: Duplex, bytes: Buffer): Buffer {
    let rest = bytes;
    while (socket.writable) {
      const frame = readFrame(rest);
      if (frame === null) return rest;
      rest = rest.subarray(frame.length);
      this.#handle(socket, frame);
    }
    return Buffer.alloc(0);
  }

  #handle(socket: Duplex, frame: Frame): void {
    const state = this.#open.get(socket);
    if (frame.kind === "invalid") {
      this.#close(socket, frame.code);
      return;
    }
    if (frame.opcode === opcodes.close) {
      if (state?.closing !== true) socket.write(frameOf(opcodes.close, frame.payload));
      socket.end();
      return;
    }
    if (state?.closing === true) return;
    if (frame.opcode === opcodes.ping) socket.write(frameOf(opcodes.pong, frame.payload));
    if (frame.opcode === opcodes.text) socket.write(frameOf(opcodes.text, frame.payload));
  }

  #close(socket: Duplex, code: number): void {
    const state = this.#open.get(socket);
    if (state === undefined || state.closing) return;
    state.closing = true;
    const payload = Buffer.alloc(2);
    payload.writeUInt16BE(code);
    socket.write(frameOf(opcodes.close, payload));
    setTimeout(() => socket.destroy(), closeMs).unref();
  }
}

function refusalOf({ url, headers }: IncomingMessage, stopping: boolean): string | null {
  if (url?.split("?")[0] !== "/live") return "404 Not Found";
  if (stopping) return "503 Service Unavailable";
  const understood = headers["sec-websocket-version"] === "13" && "sec-websocket-key" in headers;
  return understood ? null : "426 Upgrade Required";
}

/** Shows the client that its key was read: RFC 6455, section 4.2.2. */
function proofOf({ headers }: IncomingMessage): string {
  const hash = createHash("sha1");
  return hash.update(`${headers["sec-websocket-key"] ?? ""}${handshakeGuid}`).digest("base64");
}
