/** The event log of one run: a line of JSON per event. Explains a rollout, never needed to recover. */

import { appendFileSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { stateDir } from "../infra/state-dir.ts";
import { messageOf } from "../infra/errors.ts";
import type { Event, Logged, Reporter } from "./event.ts";
import { eventSchema } from "./event.ts";

/** Folder of the logs of an environment. */
export function journalFolder(application: string, environment: string): string {
  return join(stateDir(application), "environments", environment, "rollouts");
}

/** Logs of former runs that stay beside a new one. */
const keptLogs = 199;

/**
 * Appends each event to `<folder>/<name>.ndjson`. A log that can't be written is reported once and
 * doesn't stop a rollout. With the first event the oldest logs go, all but 200.
 */
export function openJournal(args: {
  readonly folder: string;
  readonly name: string;
  readonly now: () => number;
  readonly complain: (sentence: string) => void;
}): Reporter {
  const file = join(args.folder, `${args.name}.ndjson`);
  let broken = false;
  let begun = false;
  const write = (line: string): void => {
    try {
      mkdirSync(args.folder, { recursive: true, mode: 0o700 });
      if (!begun) removeOldLogs(args.folder, `${args.name}.ndjson`);
      begun = true;
      appendFileSync(file, `${line}\n`, { mode: 0o600 });
    } catch (error) {
      if (!broken) args.complain(`the event log ${file} can't be written: ${messageOf(error)}`);
      broken = true;
    }
  };
  return {
    on(event: Event): void {
      const logged: Logged = { schema: eventSchema, at: new Date(args.now()).toISOString(), event };
      write(JSON.stringify(logged));
    },
  };
}

/** Their names begin with the time of their runs. */
function removeOldLogs(folder: string, own: string): void {
  const logs = readdirSync(folder).filter((name) => name.endsWith(".ndjson") && name !== own);
  for (const name of logs.sort().slice(0, -keptLogs)) rmSync(join(folder, name), { force: true });
}
