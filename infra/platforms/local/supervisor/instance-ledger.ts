/** Which processes belong to a color, on disk: written before and after each start. */

import { readFileSync } from "node:fs";

import { writeDurably } from "../../../durable-file.ts";
import type { ProcessIdentity } from "../../../process-identity.ts";

export interface LedgerEntry {
  readonly index: number;
  /** Kept while no process runs, so that an instance returns to its address. */
  readonly port: number;
  /** Which release was started here last; see `releaseKey`. */
  readonly release: string | null;
  /** In the environment of the process; set before the start, null once it has ended. */
  readonly marker: string | null;
  /** Null between intent and start, and while none runs. */
  readonly process: ProcessIdentity | null;
}

interface LedgerFile {
  readonly schema: 1;
  readonly entries: readonly LedgerEntry[];
}

export class InstanceLedger {
  readonly #path: string;
  readonly #entries: Map<number, LedgerEntry>;
  #saved: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(path: string) {
    this.#path = path;
    this.#entries = new Map(readLedger(path).map((entry) => [entry.index, entry]));
  }

  get entries(): LedgerEntry[] {
    return [...this.#entries.values()].sort((a, b) => a.index - b.index);
  }

  /**
   * On disk once it is fulfilled.
   *
   * @throws BlueGreenError STORE_FAILED; what is on disk is then as it was.
   */
  record(entry: LedgerEntry): Promise<void> {
    this.#entries.set(entry.index, entry);
    return this.#save();
  }

  forget(index: number): Promise<void> {
    this.#entries.delete(index);
    return this.#save();
  }

  /** Nothing is written any more: the file is gone, or somebody else's. */
  close(): void {
    this.#closed = true;
  }

  /** One write after the other: the last one has all that was recorded before. */
  #save(): Promise<void> {
    const write = () => this.#write();
    this.#saved = this.#saved.then(write, write);
    return this.#saved;
  }

  async #write(): Promise<void> {
    if (this.#closed) return;
    const file: LedgerFile = { schema: 1, entries: this.entries };
    await writeDurably(this.#path, `${JSON.stringify(file, null, 2)}\n`);
  }
}

/** The entries on disk; none when the color never had an instance. */
export function readLedger(path: string): readonly LedgerEntry[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
  return (JSON.parse(text) as LedgerFile).entries;
}
