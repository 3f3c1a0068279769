/** The machine that the router runs on, by few means: this one, or another over SSH. */

import { BlueGreenError } from "../../errors.ts";

/** Nobody answers at an endpoint, though its host can be reached. */
export class NoAnswer extends BlueGreenError {
  constructor(message: string) {
    super("ROUTER_DOWN", message);
    this.name = "NoAnswer";
  }
}

export interface Ran {
  /** Exit code; null when a signal ended it or its deadline passed. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut: boolean;
}

export interface RunOptions {
  readonly stdin?: string;
  readonly deadlineMs: number;
  /** Working folder; on this machine only. Default: this process's. */
  readonly cwd?: string;
}

export interface FileSize {
  readonly bytes: number;
  /** What it takes on the disk; less than `bytes` where it has holes. */
  readonly usedBytes: number;
  /** Milliseconds since 1970, of whole seconds on some hosts. */
  readonly changedAt: number;
}

/** A TCP address, or the absolute path of a unix socket. */
export type Endpoint = string;

/**
 * Paths are absolute. Each method may throw BlueGreenError: HOST_UNREACHABLE where another machine
 * doesn't answer, and those on files STORE_FAILED where one can't be read or written.
 */
export interface Host {
  /** For messages: "this machine", or "user@host". */
  readonly name: string;
  /** Null when there is no such file. */
  read(path: string): Promise<string | null>;
  /** Afterwards the whole text is there, also after a power cut, or the former one. Makes folders. */
  write(path: string, text: string, mode?: number): Promise<void>;
  /** A symbolic link, written as a file is. The target must not be a folder. */
  link(path: string, target: string): Promise<void>;
  /** Null when there is no such link. */
  readLink(path: string): Promise<string | null>;
  /** False when the file is there already. */
  create(path: string, text: string): Promise<boolean>;
  /** A file, if this is its whole text at that moment; false when it isn't, or isn't there. */
  removeIf(path: string, text: string): Promise<boolean>;
  /** A file, or a folder with everything in it; none is fine. */
  remove(path: string): Promise<void>;
  /** Names in a folder; none where there is no folder. */
  list(folder: string): Promise<readonly string[]>;
  /** Null for each that isn't there. */
  sizes(paths: readonly string[]): Promise<readonly (FileSize | null)[]>;
  /** Each word is one word to the program; one that isn't there is code 127. */
  run(argv: readonly string[], options: RunOptions): Promise<Ran>;
  /** Connects, sends the text, and returns what comes until the other side closes. @throws NoAnswer */
  ask(endpoint: Endpoint, text: string, deadlineMs: number): Promise<string>;
  /** Ends what was kept open between calls. */
  close(): Promise<void>;
}
