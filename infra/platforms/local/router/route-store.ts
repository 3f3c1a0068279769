/** Keeps the routes on disk, with the previous ones as a backup. */

import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { BlueGreenError, messageOf } from "../../../errors.ts";
import { writeDurably } from "../../../durable-file.ts";
import type { RouterRoutes } from "./protocol.ts";
import { routerFiles } from "./protocol.ts";
import { emptyRoutes, parseRoutes } from "./routes.ts";

export interface RestoredRoutes {
  readonly routes: RouterRoutes;
  /** One sentence for each file that couldn't be used. */
  readonly problems: readonly string[];
}

export class RouteStore {
  readonly #path: string;
  readonly #backup: string;
  /** The last routes known to be good, as text. */
  #stored: string | null = null;

  constructor(dir: string) {
    this.#path = join(dir, routerFiles.routes);
    this.#backup = join(dir, routerFiles.backup);
  }

  /**
   * The stored routes, else those of the backup, else none at all (inactive).
   *
   * @throws BlueGreenError RECORD_NEWER: guessing at a newer file could undo a switch.
   */
  async restore(): Promise<RestoredRoutes> {
    const problems: string[] = [];
    let isNew = true;
    for (const path of [this.#path, this.#backup]) {
      const found = await readRoutes(path);
      if (found.routes !== null) {
        this.#stored = serialize(found.routes);
        if (path === this.#backup) problems.push(`the routes of ${path} are used instead`);
        return { routes: found.routes, problems };
      }
      problems.push(found.problem);
      isNew &&= found.isMissing;
    }
    if (isNew) return { routes: emptyRoutes, problems: [] };
    problems.push("no usable routes were found: started inactive");
    return { routes: emptyRoutes, problems };
  }

  /** @throws BlueGreenError STORE_FAILED; the stored routes are then the former ones. */
  async save(routes: RouterRoutes): Promise<void> {
    const former = this.#stored;
    if (former !== null) await writeDurably(this.#backup, former);
    const text = serialize(routes);
    try {
      await writeDurably(this.#path, text);
    } catch (error) {
      // The new text is there already where only the folder's fsync failed.
      if (former !== null && (await holds(this.#path, text))) await putBack(this.#path, former);
      throw error;
    }
    this.#stored = text;
  }
}

async function holds(path: string, text: string): Promise<boolean> {
  try {
    return (await readFile(path, "utf8")) === text;
  } catch {
    return false;
  }
}

/** By its content alone: what it survives can't be told on such a disk. */
async function putBack(path: string, former: string): Promise<void> {
  await writeFile(path, former, { mode: 0o600 });
}

function serialize(routes: RouterRoutes): string {
  return `${JSON.stringify(routes, null, 2)}\n`;
}

type Found =
  | { readonly routes: RouterRoutes }
  | { readonly routes: null; readonly problem: string; readonly isMissing: boolean };

async function readRoutes(path: string): Promise<Found> {
  try {
    return { routes: parseRoutes(JSON.parse(await readFile(path, "utf8"))) };
  } catch (error) {
    if (error instanceof BlueGreenError && error.code === "RECORD_NEWER") throw error;
    if (error instanceof Error && "code" in error && error.code === "ENOENT") {
      return { routes: null, problem: `${path} is missing`, isMissing: true };
    }
    const problem = `${path} can't be used: ${messageOf(error)}`;
    return { routes: null, problem, isMissing: false };
  }
}
