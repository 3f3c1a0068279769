/** Bounded log files that processes write to directly, whoever supervises them. */

import {
  closeSync,
  fstatSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";

import { messageOf } from "../../../errors.ts";
import type { LogBounds } from "./color-spec.ts";

/** No more of a file's end is read for a tail. */
const tailMaxBytes = 1024 * 1024;

/** Opened for appending, so that a writer goes on at the start when the file is emptied. */
export function openLog(path: string): number {
  return openSync(path, "a", 0o600);
}

/** Rotates when the file is larger than its bound. */
export function rotateWhenLarge(path: string, bounds: LogBounds): void {
  if (sizeOf(path) > bounds.maxBytes) rotate(path, bounds);
}

/**
 * `x.log` becomes `x.log.1`, that `x.log.2`, up to the bound. The writer keeps its file: the text
 * is copied and the file emptied, so lines written in that very moment may be lost.
 */
export function rotate(path: string, bounds: LogBounds): void {
  if (sizeOf(path) === 0) return;
  try {
    rmSync(`${path}.${bounds.keep}`, { force: true });
    for (let age = bounds.keep - 1; age >= 1; age -= 1) {
      if (sizeOf(`${path}.${age}`) > 0) renameSync(`${path}.${age}`, `${path}.${age + 1}`);
    }
    writeFileSync(`${path}.1`, readEnd(path, bounds.maxBytes).bytes, { mode: 0o600 });
  } catch (error) {
    process.stderr.write(`${path} is emptied without a copy: ${messageOf(error)}\n`);
  }
  truncateSync(path, 0);
}

/** The last lines of a file, without line ends; none when there is no file. */
export function tailLines(path: string, count: number): string[] {
  if (count <= 0) return [];
  const lines = readEnd(path, tailMaxBytes).bytes.toString("utf8").split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines.slice(-count);
}

export interface FilePart {
  readonly bytes: Buffer;
  /** Position in the file after the last byte. */
  readonly end: number;
}

/** Up to `maxBytes` from the file's end. */
export function readEnd(path: string, maxBytes: number): FilePart {
  return readPart(path, (size) => Math.max(0, size - maxBytes), maxBytes);
}

/** Up to `maxBytes` from `position`, or from the start when the file has become shorter. */
export function readFrom(path: string, position: number, maxBytes: number): FilePart {
  return readPart(path, (size) => (size < position ? 0 : position), maxBytes);
}

function readPart(path: string, start: (size: number) => number, maxBytes: number): FilePart {
  if (sizeOf(path) === 0) return { bytes: Buffer.alloc(0), end: 0 };
  const file = openSync(path, "r");
  try {
    const { size } = fstatSync(file);
    const from = start(size);
    const buffer = Buffer.alloc(Math.min(maxBytes, size - from));
    const length = readSync(file, buffer, 0, buffer.length, from);
    return { bytes: buffer.subarray(0, length), end: from + length };
  } finally {
    closeSync(file);
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
