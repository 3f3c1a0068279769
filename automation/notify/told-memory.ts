/** Remembers beside the event logs what was told of each rollout, so that a resume tells it once. */

import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

import { writeDurably } from "../../infra/durable-file.ts";
import { parsedJson } from "../../infra/probe/json.ts";
import { nothingYet } from "./target.ts";
import type { Remembered } from "./target.ts";

const remembered = z.object({
  id: z.string().nullable(),
  channel: z.string().optional(),
  text: z.string().optional(),
  told: z.array(z.string()),
});

const file = z.object({ schema: z.literal(1), targets: z.record(z.string(), remembered) });

type Targets = Readonly<Record<string, Remembered>>;

const ending = ".told.json";
/** Of what happened outside of any rollout. */
const outside = `outside${ending}`;
/** Files of former rollouts that stay beside a new one, as of event logs. */
const kept = 199;

export class ToldMemory {
  private readonly folder: string;
  /** One write after the other: each reads what the one before has written. */
  private writing: Promise<unknown> = Promise.resolve();

  constructor(folder: string) {
    this.folder = folder;
  }

  /** What can't be read was never told. */
  of(rolloutId: string | null, target: string): Remembered {
    return this.read(this.fileOf(rolloutId))[target] ?? nothingYet;
  }

  /** @throws STORE_FAILED, and what the folder's file system says */
  put(rolloutId: string | null, target: string, value: Remembered): Promise<void> {
    const put = async (): Promise<void> => {
      mkdirSync(this.folder, { recursive: true, mode: 0o700 });
      const path = this.fileOf(rolloutId);
      if (!existsSync(path)) this.removeOld();
      const targets = { ...this.read(path), [target]: value };
      await writeDurably(path, `${JSON.stringify({ schema: 1, targets })}\n`);
    };
    const done = this.writing.then(put, put);
    this.writing = done.catch(() => undefined);
    return done;
  }

  /**
   * What happened outside of rollouts is over: should it happen again, it is told again.
   * @throws what the folder's file system says
   */
  forgetOutside(): void {
    rmSync(join(this.folder, outside), { force: true });
  }

  private fileOf(rolloutId: string | null): string {
    const name = rolloutId === null ? outside : `${encodeURIComponent(rolloutId)}${ending}`;
    return join(this.folder, name);
  }

  private read(path: string): Targets {
    if (!existsSync(path)) return {};
    const found = file.safeParse(parsedJson(readFileSync(path, "utf8")));
    return found.success ? (found.data.targets as Targets) : {};
  }

  /** The ids of rollouts begin with their time. */
  private removeOld(): void {
    const files = readdirSync(this.folder).filter((name) => name.endsWith(ending));
    const rollouts = files.filter((name) => name !== outside).sort();
    for (const name of rollouts.slice(0, -kept)) rmSync(join(this.folder, name), { force: true });
  }
}
