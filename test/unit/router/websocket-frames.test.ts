/** Where WebSocket frames end, however the bytes arrive. */

import fc from "fast-check";
import { expect, test } from "vitest";
import { FrameReader, closeFrame } from "../../../infra/platforms/local/router/websocket-frames.ts";

function frame(opcode: number, payload: number, masked: boolean): Buffer {
  const short = payload < 126 ? payload : payload < 65_536 ? 126 : 127;
  const extended = Buffer.alloc(short === 127 ? 8 : short === 126 ? 2 : 0);
  if (short === 126) extended.writeUInt16BE(payload);
  if (short === 127) extended.writeBigUInt64BE(BigInt(payload));
  const mask = Buffer.alloc(masked ? 4 : 0, 0x88);
  const head = Buffer.from([0x80 | opcode, (masked ? 0x80 : 0) | short]);
  return Buffer.concat([head, extended, mask, Buffer.alloc(payload, 0x88)]);
}

const anyFrame = fc.record({
  opcode: fc.constantFrom(0, 1, 2, 9, 10),
  payload: fc.oneof(fc.nat(130), fc.constantFrom(0, 125, 126, 65_535, 65_536)),
  masked: fc.boolean(),
});

test("finds the end of every frame, wherever the bytes are cut", () => {
  fc.assert(
    fc.property(
      fc.array(anyFrame, { minLength: 1, maxLength: 6 }),
      fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1 }),
      (frames, sizes) => {
        const whole = frames.map(({ opcode, payload, masked }) => frame(opcode, payload, masked));
        const ends = whole.reduce<number[]>((all, { length }) => {
          return [...all, (all.at(-1) ?? 0) + length];
        }, []);
        const bytes = Buffer.concat(whole);
        const reader = new FrameReader();
        let at = 0;
        for (let turn = 0; at < bytes.length; turn += 1) {
          const next = at + (sizes[turn % sizes.length] ?? 1);
          const end = reader.read(bytes.subarray(at, next));
          const expected = ends.find((each) => each > at && each <= next);
          expect(end).toBe(expected === undefined ? null : expected - at);
          at = Math.min(next, bytes.length);
          expect(reader.isBetweenFrames).toBe(ends.includes(at));
          expect(reader.isClosed).toBe(false);
        }
      },
    ),
  );
});

test("notices a close frame by its head", () => {
  const reader = new FrameReader();
  reader.read(frame(1, 5, true));
  expect(reader.isClosed).toBe(false);
  reader.read(frame(8, 2, true).subarray(0, 7));
  expect(reader).toMatchObject({ isClosed: true, isBetweenFrames: false });
});

test("says that it goes away, masked for a server", () => {
  expect(closeFrame("client").toString("hex")).toBe("880203e9");
  const bytes = closeFrame("server");
  const payload = bytes.subarray(6).map((byte, index) => byte ^ (bytes[2 + index] ?? 0));
  expect(bytes.subarray(0, 2).toString("hex")).toBe("8882");
  expect(Buffer.from(payload).toString("hex")).toBe("03e9");
  const reader = new FrameReader();
  expect(reader.read(bytes)).toBe(bytes.length);
  expect(reader.isClosed).toBe(true);
});
