/** Requests that wait at the router while one color finishes, so that two never serve at once. */

import type { ServerResponse } from "node:http";

import type { Color } from "../../../model.ts";

/** More than this don't wait: they are told to come back. */
const defaultMaxWaiting = 10_000;

export class Pause {
  readonly #maxWaiting: number;
  /** In the order of their arrival; null while nothing is paused. */
  #waiting: Map<ServerResponse, () => void> | null = null;
  #leaving: readonly Color[] = [];

  constructor(maxWaiting = defaultMaxWaiting) {
    this.#maxWaiting = maxWaiting;
  }

  /** Requests that wait now. */
  get waiting(): number {
    return this.#waiting?.size ?? 0;
  }

  /** From now on new requests wait, and of the previews those of the colors that finish. */
  begin(leaving: readonly Color[]): void {
    this.#waiting ??= new Map();
    this.#leaving = leaving;
  }

  /** Whether a request must wait now; `preview`: the color that it asks for. */
  holds(preview: Color | undefined): boolean {
    if (this.#waiting === null) return false;
    return preview === undefined || this.#leaving.includes(preview);
  }

  /** `go` is called at the end, unless the client left before. */
  admit(res: ServerResponse, go: () => void): "go" | "waits" | "full" {
    const waiting = this.#waiting;
    if (waiting === null) return "go";
    if (waiting.size >= this.#maxWaiting) return "full";
    waiting.set(res, go);
    res.once("close", () => waiting.delete(res));
    return "waits";
  }

  /** All that wait go on, by the routes that are in force now. */
  end(): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    for (const go of waiting?.values() ?? []) go();
  }
}
