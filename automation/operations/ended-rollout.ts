/** Whether a rollout was ended by others while its run only waits, and by whom. */

import { systemClock } from "../../infra/clock.ts";
import type { Clock } from "../../infra/clock.ts";
import { BlueGreenError } from "../../infra/errors.ts";
import { entriesOf, parseUpdates } from "../history/entries.ts";
import type { Environment } from "../ports.ts";
import type { Revealing } from "../release.ts";
import type { HookSubject } from "../rollout/action.ts";

/** Looking costs calls of the engine, however often a webhook wants to be asked. */
const lookEveryMs = 2_000;
/** The abort is the newest update, or nearly. */
const newest = ["--page-size", "5", "--page", "1"];

export type Watched = Pick<Revealing, "engine" | "settings"> & {
  readonly environment: Pick<Environment, "observe">;
};

/**
 * Asks the record, at most every two seconds: null while the rollout goes on, else a sentence. What
 * can't be read ends nothing; without a rollout there is nothing to look at.
 */
export function endingWatch(
  watched: Watched,
  { id, phase }: Pick<HookSubject, "id" | "phase">,
  clock: Clock = systemClock,
): () => Promise<string | null> {
  let lookedMs = clock.now();
  return async () => {
    if (phase === null || phase === "hold" || clock.now() - lookedMs < lookEveryMs) return null;
    lookedMs = clock.now();
    try {
      const { record } = await watched.environment.observe({ fresh: true });
      if (record.rollout?.id === id) return null;
      return `rollout ${id} was ended meanwhile${await newestEnd(watched)}`;
    } catch (error) {
      if (error instanceof BlueGreenError) return null;
      throw error;
    }
  };
}

/** What the engine's history says of it: ": abort: wrong release (ann on build-3)". */
async function newestEnd({ engine, settings }: Watched): Promise<string> {
  const { environment } = settings;
  const args = ["stack", "history", "--json", ...newest, "--stack", environment];
  const text = await engine.cli(args, environment);
  const entries = entriesOf(text === null || text.trim() === "" ? [] : parseUpdates(text));
  const found = entries.find(({ what }) =>
    /^(abort|roll back|take over|stop serving)\b/.test(what),
  );
  return found === undefined ? "" : `: ${found.what} (${found.who ?? "unknown"})`;
}
