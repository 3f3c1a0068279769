/** A given color: addresses that somebody else manages; provisioning and retiring touch nothing. */

import { createHash } from "node:crypto";
import type { Settings } from "./config.ts";
import type { Address, Color } from "./model.ts";
import type { Frozen } from "./platform.ts";

export interface Given {
  readonly addresses: readonly Address[];
}

/** The addresses given for a color; null when the platform makes it. */
export function givenOf(settings: Settings, color: Color): Given | null {
  return settings.given[color] ?? null;
}

/** What stands behind given addresses isn't known here: the digest covers version and addresses. */
export function freezeGiven(given: Given, version: string): Frozen {
  const covered = JSON.stringify({ version, addresses: given.addresses });
  const digest = `sha256:${createHash("sha256").update(covered).digest("hex")}`;
  return { release: { version, digest }, spec: null };
}
