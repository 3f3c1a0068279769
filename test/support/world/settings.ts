/** The settings of the simulated environment, and its times. */

import { parseSettings } from "../../../infra/config.ts";
import type { Settings } from "../../../infra/config.ts";

export const times = { claimMs: 300_000, windowMs: 600_000, bakeMs: 20_000, gateMs: 3_600_000 };

const baseSettings = {
  environment: "dev",
  platform: "local",
  claim: `${times.claimMs}ms`,
  rollbackWindow: `${times.windowMs}ms`,
  drain: "1s",
  local: JSON.stringify({ command: ["application", "{port}"] }),
  bake: bakeOf(times.bakeMs),
};

function bakeOf(ms: number): string {
  return JSON.stringify({ duration: `${ms}ms`, interval: "10s" });
}

/** With a bake of this length; 0: none. */
export function bakingFor(ms: number): Settings {
  return settingsOf({ bake: bakeOf(ms) });
}

const parsed = new Map<string, Settings>();

export function settingsOf(raw: Readonly<Record<string, string>>): Settings {
  const key = JSON.stringify(raw);
  const known = parsed.get(key) ?? parseSettings({ ...baseSettings, ...raw });
  parsed.set(key, known);
  return known;
}
