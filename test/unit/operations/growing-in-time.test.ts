/** A way back doesn't wait longer for its color to grow than is allowed, and then for its end. */

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { growingInTime } from "../../../automation/operations/growing-in-time.ts";
import type { Session } from "../../../automation/session.ts";
import { parseSettings } from "../../../infra/config.ts";
import { minimal } from "../config/refusal.ts";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

const grow = { kind: "Keep", size: 3 } as const;
const back = { kind: "RollBack", reason: "so", by: "dev", rolloutId: null, pin: false } as const;

class Growing {
  begun = 0;
  paused = 0;
  readonly #ends: ((error: Error | null) => void)[] = [];
  readonly environment;

  constructor() {
    const environment: Partial<Session["environment"]> = {
      updateRouter: () => Promise.resolve(),
      updateColor: () => {
        this.begun += 1;
        return new Promise((resolve, reject) => {
          this.#ends.push((error) => {
            if (error) reject(error);
            else resolve();
          });
        });
      },
    };
    const settings = parseSettings({ ...minimal, hold: JSON.stringify({ growWithin: "4s" }) });
    this.environment = growingInTime(
      { environment: environment as Session["environment"], settings },
      {
        pause: () => {
          this.paused += 1;
        },
        resume: () => {
          this.paused -= 1;
        },
      },
    );
  }

  end(error: Error | null = null): void {
    this.#ends.shift()?.(error);
  }
}

test("growing counts for no other deadline, and ends as it ends", async () => {
  const growing = new Growing();
  const work = growing.environment.updateColor("blue", grow);
  expect(growing.paused).toBe(1);
  await vi.advanceTimersByTimeAsync(3_900);
  growing.end();
  await work;
  expect([growing.paused, vi.getTimerCount()]).toEqual([0, 0]);
});

test("growth that takes too long is left to itself, and waited for once traffic is back", async () => {
  const growing = new Growing();
  const late = expect(growing.environment.updateColor("blue", grow)).rejects.toMatchObject({
    code: "PROVISION_FAILED",
    message: "blue hasn't grown within 4s",
  });
  await vi.advanceTimersByTimeAsync(4_000);
  await late;
  await growing.environment.updateRouter(back);
  const rest = growing.environment.updateColor("blue", grow);
  await vi.advanceTimersByTimeAsync(6_000);
  growing.end();
  await rest;
  expect([growing.begun, growing.paused]).toEqual([1, 0]);
});

test("growth that failed is begun anew", async () => {
  const growing = new Growing();
  const work = growing.environment.updateColor("blue", grow);
  growing.end(new Error("crashed"));
  await expect(work).rejects.toThrow("crashed");
  const again = growing.environment.updateColor("blue", grow);
  growing.end();
  await again;
  expect(growing.begun).toBe(2);
});
