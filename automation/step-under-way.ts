/** Which step a command is at, and how long that may still take: for whoever asks it to stop. */

import { formatDuration } from "../infra/duration.ts";
import type { Event } from "./event.ts";

const onceMore = "a second signal (Ctrl-C) leaves at once; either way it can be continued";

export class StepUnderWay {
  readonly #now: () => number;
  #begun: { readonly action: string; readonly untilMs: number | null } | null = null;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Told everything that happens. */
  on(event: Event): void {
    if (event.kind === "Ended") this.#begun = null;
    if (event.kind !== "Begun") return;
    const { action, mayTakeMs } = event;
    const untilMs = mayTakeMs === undefined ? null : this.#now() + mayTakeMs;
    this.#begun = { action, untilMs };
  }

  /** What a first signal does, as a sentence. */
  stopping(): string {
    if (this.#begun === null) return `stopping after this step; ${onceMore}`;
    const { action, untilMs } = this.#begun;
    const leftMs = untilMs === null ? 0 : untilMs - this.#now();
    const within = leftMs > 0 ? `, within ${inSeconds(leftMs)}` : "";
    return `stopping after this step (${action}${within}); ${onceMore}`;
  }
}

function inSeconds(ms: number): string {
  return formatDuration(Math.ceil(ms / 1_000) * 1_000);
}
