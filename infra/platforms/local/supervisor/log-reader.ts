/** Reads the lines that a color's instances wrote, also while they write. */

import { existsSync, readdirSync } from "node:fs";
import { StringDecoder } from "node:string_decoder";

import { colorFolder, instanceLog } from "./color-folder.ts";
import { readEnd, readFrom, tailLines } from "./log-files.ts";
import { pause } from "./waiting.ts";

export interface LogLine {
  readonly instance: number;
  readonly line: string;
}

export interface LogOptions {
  /** Lines per instance that were written before; 100 by default, within the last mebibyte. */
  readonly tail?: number;
  /** Goes on with new lines until this is aborted; without it, the end is the end. */
  readonly follow?: AbortSignal;
}

const pollMs = 200;
const partMaxBytes = 256 * 1024;

/** The instances' lines, one instance after the other; then, when followed, as they come. */
export async function* readLogs(dir: string, options: LogOptions = {}): AsyncIterable<LogLine> {
  const folder = colorFolder(dir);
  const files = () =>
    loggedInstances(dir).map((instance) => ({
      source: instance,
      path: instanceLog(folder, instance),
    }));
  for await (const { source, line } of readLogFiles(files, options)) {
    yield { instance: source, line };
  }
}

interface LogFile<S> {
  readonly source: S;
  readonly path: string;
}

/** Like `readLogs`, of any files; `files` is asked again and again, as new ones may appear. */
export async function* readLogFiles<S>(
  files: () => readonly LogFile<S>[],
  { tail = 100, follow }: LogOptions,
): AsyncIterable<{ readonly source: S; readonly line: string }> {
  const followers = new Map<S, Follower>();
  for (const { source, path } of files()) {
    if (follow !== undefined) followers.set(source, new Follower(path, readEnd(path, 0).end));
    for (const line of lastLines(path, tail)) yield { source, line };
  }
  if (follow === undefined) return;
  while (!follow.aborted) {
    for (const { source, path } of files()) {
      const follower = followers.get(source) ?? new Follower(path, 0);
      followers.set(source, follower);
      for (const line of follower.newLines()) yield { source, line };
    }
    await pause(pollMs, follow);
  }
}

/** Numbers of the instances that have a log, the lowest first. */
export function loggedInstances(dir: string): readonly number[] {
  const { logs } = colorFolder(dir);
  if (!existsSync(logs)) return [];
  return readdirSync(logs)
    .map((name) => /^(\d+)\.log$/.exec(name)?.[1])
    .filter((digits) => digits !== undefined)
    .map(Number)
    .sort((a, b) => a - b);
}

/** A file that was rotated just now has few lines: the one before has the others. */
function lastLines(path: string, count: number): string[] {
  const lines = tailLines(path, count);
  return [...tailLines(`${path}.1`, count - lines.length), ...lines];
}

class Follower {
  readonly #path: string;
  #position: number;
  #rest = "";
  readonly #decoder = new StringDecoder("utf8");

  constructor(path: string, position: number) {
    this.#path = path;
    this.#position = position;
  }

  /** Whole lines only; a line without an end waits for it, up to the size of one read. */
  newLines(): string[] {
    const { bytes, end } = readFrom(this.#path, this.#position, partMaxBytes);
    this.#position = end;
    const lines = (this.#rest + this.#decoder.write(bytes)).split("\n");
    this.#rest = lines.pop() ?? "";
    if (this.#rest.length > partMaxBytes) {
      lines.push(this.#rest);
      this.#rest = "";
    }
    return lines;
  }
}
