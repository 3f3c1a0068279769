/** WebSocket frames (RFC 6455, section 5) as far as short texts need them. */

export const opcodes = { text: 1, close: 8, ping: 9, pong: 10 } as const;

export type Frame =
  | { readonly kind: "frame"; readonly length: number; opcode: number; payload: Buffer }
  /** Something this endpoint doesn't speak; the code is the one to close with. */
  | { readonly kind: "invalid"; readonly length: number; readonly code: number };

const protocolError = 1002;
const unsupported = 1003;
const tooBig = 1009;
const known = new Set<number>(Object.values(opcodes));

/** The first frame of the bytes, or null while it is incomplete. Texts end at 64 KiB. */
export function readFrame(bytes: Buffer): Frame | null {
  const [first, second] = bytes;
  if (first === undefined || second === undefined) return null;
  const size = second & 0x7f;
  if ((second & 0x80) === 0) return invalid(bytes, protocolError);
  if (size === 127) return invalid(bytes, tooBig);
  if ((first & 0x80) === 0 || !known.has(first & 0x0f)) return invalid(bytes, unsupported);
  const maskAt = size === 126 ? 4 : 2;
  if (bytes.length < maskAt + 4) return null;
  const payloadAt = maskAt + 4;
  const length = payloadAt + (size === 126 ? bytes.readUInt16BE(2) : size);
  if (bytes.length < length) return null;
  const payload = Buffer.from(bytes.subarray(payloadAt, length));
  payload.forEach((byte, i) => (payload[i] = byte ^ (bytes[maskAt + (i % 4)] ?? 0)));
  return { kind: "frame", length, opcode: first & 0x0f, payload };
}

/** A whole, unmasked frame, as servers send them. */
export function frameOf(opcode: number, payload: Buffer): Buffer {
  const first = 0x80 | opcode;
  if (payload.length < 126) return Buffer.concat([Buffer.from([first, payload.length]), payload]);
  const head = Buffer.from([first, 126, 0, 0]);
  head.writeUInt16BE(payload.length, 2);
  return Buffer.concat([head, payload]);
}

/** Nothing after an invalid frame can be understood, so it takes all bytes. */
function invalid(bytes: Buffer, code: number): Frame {
  return { kind: "invalid", length: bytes.length, code };
}
