/** The form of a target's file: how it is told, and what it remembers of what it was told. */

import type { News } from "./news.ts";
import type { Place } from "./wording.ts";

/** What is remembered of one rollout for one target. */
export interface Remembered {
  /** What the target calls the rollout's message or deployment; null: it has none yet. */
  readonly id: string | null;
  /** Where it is, when that isn't what the settings name. */
  readonly channel?: string;
  /** Text that it has now. */
  readonly text?: string;
  /** Keys of what was told. */
  readonly told: readonly string[];
}

export const nothingYet: Remembered = { id: null, told: [] };

export interface Telling {
  readonly place: Place;
  readonly remembered: Remembered;
  /** Called after each step, so that none is made again. */
  readonly remember: (remembered: Remembered) => Promise<void>;
  readonly signal: AbortSignal;
}

export interface Target {
  /** For notes; holds no secret. */
  readonly name: string;
  /** The place's name in what is remembered; holds no secret. */
  readonly key: string;
  /** True where each piece counts; otherwise the newest of a rollout replaces those before it. */
  readonly tellsAll: boolean;
  /** True where there is something to tell of it. */
  wants(news: News): boolean;
  /** @throws NotTold */
  tell(news: News, telling: Telling): Promise<void>;
}
