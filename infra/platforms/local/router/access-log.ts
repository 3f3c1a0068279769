/** Writes one line per request to a file, without ever holding up a request. */

import type { FileHandle } from "node:fs/promises";
import { open, rename } from "node:fs/promises";

import { messageOf } from "../../../errors.ts";

/** One request as it ended. The path comes without its query, which may hold secrets. */
export interface AccessEntry {
  readonly client: string;
  readonly method: string;
  readonly path: string;
  /** 499 when the client left before the reply began. */
  readonly status: number;
  readonly color: string | null;
  readonly preview: boolean;
  /** Milliseconds from the request's head to its end. */
  readonly ms: number;
  /** Tries of an instance; more than 1 after a refused or stale connection. */
  readonly tries: number;
}

export interface AccessLogLimits {
  /** Size at which the file is set aside; default 10 MB. */
  readonly maxBytes: number;
  /** Files set aside that are kept; default 3. */
  readonly keep: number;
  /** Lines wait at most this long; default 250 ms. */
  readonly flushMs: number;
}

const defaultLimits: AccessLogLimits = { maxBytes: 10_000_000, keep: 3, flushMs: 250 };
/** Above this the disk is slower than the traffic, and lines are dropped. */
const maxPendingBytes = 4_000_000;

export class AccessLog {
  readonly #path: string;
  readonly #limits: AccessLogLimits;
  readonly #timer: NodeJS.Timeout;
  #pending: string[] = [];
  #pendingBytes = 0;
  #dropped = 0;
  #fault: string | null = null;
  #writing: Promise<void> = Promise.resolve();

  constructor(path: string, limits: Partial<AccessLogLimits> = {}) {
    this.#path = path;
    this.#limits = { ...defaultLimits, ...limits };
    this.#timer = setInterval(() => void this.flush(), this.#limits.flushMs);
    this.#timer.unref();
  }

  /** Why the log has gaps, as one sentence; null when it has none. */
  get problem(): string | null {
    if (this.#dropped === 0) return null;
    return `${this.#dropped} access log lines were dropped: ${this.#fault ?? "the disk is too slow"}`;
  }

  write(entry: AccessEntry): void {
    if (this.#pendingBytes > maxPendingBytes) {
      this.#dropped += 1;
      return;
    }
    const line = `${JSON.stringify({ time: new Date().toISOString(), ...entry })}\n`;
    this.#pending.push(line);
    this.#pendingBytes += line.length;
  }

  /** Never rejects: a full disk costs lines, not requests. */
  flush(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#flushPending());
    return this.#writing;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.flush();
  }

  async #flushPending(): Promise<void> {
    const lines = this.#pending;
    if (lines.length === 0) return;
    this.#pending = [];
    this.#pendingBytes = 0;
    try {
      await this.#append(lines.join(""));
    } catch (error) {
      this.#dropped += lines.length;
      this.#fault = messageOf(error);
    }
  }

  async #append(text: string): Promise<void> {
    const file = await open(this.#path, "a", 0o600);
    let full: boolean;
    try {
      await file.appendFile(text);
      full = await isLarger(file, this.#limits.maxBytes);
    } finally {
      await file.close();
    }
    if (full) await this.#rotate();
  }

  async #rotate(): Promise<void> {
    for (let age = this.#limits.keep; age >= 1; age -= 1) {
      const younger = age === 1 ? this.#path : `${this.#path}.${age - 1}`;
      await renameIfThere(younger, `${this.#path}.${age}`);
    }
  }
}

async function isLarger(file: FileHandle, bytes: number): Promise<boolean> {
  return (await file.stat()).size >= bytes;
}

async function renameIfThere(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
  }
}
