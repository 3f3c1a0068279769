/** Follows WebSocket frames (RFC 6455, section 5) as they pass: where one ends, and the last one. */

import { randomBytes } from "node:crypto";

const closeOpcode = 0x8;
/** Status 1001: the server goes away. */
const goingAway = Buffer.from([0x03, 0xe9]);

/** One direction of a connection, fed with all of its bytes in order. */
export class FrameReader {
  /** Bytes of the present frame's header; between frames there are none. */
  #header: number[] = [];
  /** Bytes of the present frame's payload that are still to come. */
  #left = 0;
  #closed = false;

  /** True where another frame may be put in between: also between the parts of one message. */
  get isBetweenFrames(): boolean {
    return this.#header.length === 0;
  }

  /** True once a close frame has begun: nothing may follow it. */
  get isClosed(): boolean {
    return this.#closed;
  }

  /** Reads all of the bytes; returns how many of them it took to the end of the present frame. */
  read(bytes: Buffer): number | null {
    let firstEnd: number | null = null;
    let at = 0;
    while (at < bytes.length) {
      at = this.#left > 0 ? this.#skipPayload(bytes, at) : this.#readHeader(bytes, at);
      if (this.isBetweenFrames) firstEnd ??= at;
    }
    return firstEnd;
  }

  #skipPayload(bytes: Buffer, at: number): number {
    const skipped = Math.min(this.#left, bytes.length - at);
    this.#left -= skipped;
    if (this.#left === 0) this.#header = [];
    return at + skipped;
  }

  #readHeader(bytes: Buffer, at: number): number {
    this.#header.push(bytes[at] ?? 0);
    const [first = 0, second = 0] = this.#header;
    if (this.#header.length < 2 || this.#header.length < headerLength(second)) return at + 1;
    if ((first & 0x0f) === closeOpcode) this.#closed = true;
    this.#left = payloadLength(second & 0x7f, this.#header);
    if (this.#left === 0) this.#header = [];
    return at + 1;
  }
}

function headerLength(second: number): number {
  const masked = (second & 0x80) !== 0 ? 4 : 0;
  const short = second & 0x7f;
  return 2 + masked + (short === 127 ? 8 : short === 126 ? 2 : 0);
}

function payloadLength(short: number, header: readonly number[]): number {
  if (short < 126) return short;
  const extended = Buffer.from(header.slice(2, short === 126 ? 4 : 10));
  return short === 126 ? extended.readUInt16BE() : Number(extended.readBigUInt64BE());
}

/** "Going away"; what goes to a server is masked, as RFC 6455 has it of every client. */
export function closeFrame(to: "client" | "server"): Buffer {
  const head = 0x80 | closeOpcode;
  if (to === "client") return Buffer.from([head, goingAway.length, ...goingAway]);
  const mask = randomBytes(4);
  const masked = goingAway.map((byte, index) => byte ^ (mask[index] ?? 0));
  return Buffer.from([head, 0x80 | goingAway.length, ...mask, ...masked]);
}
