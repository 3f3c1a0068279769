/** A bed with its colors and its routes as they were last set: what the tests play on. */

import { expect } from "vitest";
import { perColor, weightsOf } from "../../../infra/model.ts";
import type { Color, ColorOutputs, PerColor, RouterReading } from "../../../infra/model.ts";
import type { DirectRoutes, RouterOutputs, Routes } from "../../../infra/platform.ts";
import type { Filling, PlatformBed } from "./bed.ts";

export class Stage {
  readonly bed: PlatformBed;
  #colors: PerColor<ColorOutputs | null> = perColor(() => null);
  #generation = 0;

  constructor(bed: PlatformBed) {
    this.bed = bed;
  }

  get scope() {
    return { settings: this.bed.settings, colors: this.#colors };
  }

  async fill(color: Color, filling: Filling): Promise<ColorOutputs> {
    const outputs = await this.bed.fill(color, filling);
    this.hold(color, outputs);
    return outputs;
  }

  async empty(color: Color): Promise<void> {
    await this.bed.empty(color);
    this.hold(color, null);
  }

  /** As if the color's stack said so. */
  hold(color: Color, outputs: ColorOutputs | null): void {
    this.#colors = { ...this.#colors, [color]: outputs };
  }

  /** Complete routes of the next generation: both colors attached, all traffic to `active`. */
  next(active: Color | null, change: Partial<Routes> = {}): Routes {
    this.#generation += 1;
    return {
      weights: weightsOf(active),
      attached: perColor((color) => this.#colors[color]?.addresses ?? []),
      generation: this.#generation,
      rolloutId: `rollout-${this.#generation}`,
      mark: null,
      former: null,
      ...change,
    };
  }

  route(active: Color | null, change: Partial<Routes> = {}): Promise<RouterOutputs> {
    return this.bed.route(this.next(active, change));
  }

  async flip(routes: DirectRoutes): Promise<void> {
    const { platform } = this.bed;
    if (!platform.flip) expect.fail("this platform has no flip");
    await platform.flip(this.scope, routes);
    this.#generation = Math.max(this.#generation, routes.generation);
  }

  read(): Promise<RouterReading> {
    return this.bed.platform.read(this.scope);
  }

  /** Reads until the reading is as wanted. */
  async readUntil(
    what: string,
    wanted: (reading: RouterReading) => boolean,
    limitMs = 10_000,
  ): Promise<RouterReading> {
    const deadline = Date.now() + limitMs;
    for (;;) {
      const reading = await this.read();
      if (wanted(reading)) return reading;
      if (Date.now() > deadline) {
        expect.fail(`not within ${limitMs} ms: ${what}; last: ${JSON.stringify(reading)}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Waits as long as the platform says that a change may take until it is followed everywhere. */
  async settled(): Promise<RouterReading> {
    const reading = await this.read();
    await new Promise((resolve) => setTimeout(resolve, reading.settlesInMs));
    return reading;
  }

  /** The colors that answered a few requests, on fresh and on reused connections. */
  async colorsMet(count = 10): Promise<readonly string[]> {
    const met = new Set<string>();
    for (let each = 0; each < count; each += 1) {
      const { status, named } = await this.bed.ask({ reused: each % 2 === 0 });
      met.add(status === 200 ? (named ?? "unnamed") : `status ${status}`);
    }
    return [...met].sort();
  }
}
