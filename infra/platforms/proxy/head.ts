/** What both dialects' configurations begin with and have in common. PURE. */

import { isIP } from "node:net";

import type { Attached, Rendering } from "./dialect.ts";
import type { Color } from "../../model.ts";
import { colors, otherColor, perColor } from "../../model.ts";
import { hostIn, targetProblem } from "./safe-text.ts";
import type { RouterSpec } from "./spec.ts";

const adoptedTimeoutMs = 3_600_000;

const firstLine = "# Written by bluegreen, and overwritten by it: changes by hand are lost.";

/** Comments that a later run reads back. */
export function configHead({ attached, version }: Rendering): string[] {
  return [
    firstLine,
    `# version ${version}`,
    ...colors.flatMap((color) => attached[color].map((each) => `# instance ${color} ${each}`)),
  ];
}

/** What an instance may be silent for; the server's own configuration is to decide when adopted. */
export function silenceMs({ mode, timeoutMs }: RouterSpec): number {
  return mode === "managed" ? timeoutMs : adoptedTimeoutMs;
}

/** Also of a former version. */
export function isOurConfig(text: string | null): boolean {
  return (text ?? "").startsWith(`${firstLine}\n`);
}

/**
 * The color that gets another's share. A worker from before a reload may learn of a flip to a color
 * that it has no instances of: it goes on with the one that it has, as long as it lives.
 */
export function standIn(attached: Attached, color: Color): Color {
  const other = otherColor(color);
  return attached[color].length === 0 && attached[other].length > 0 ? other : color;
}

/**
 * The addresses in a configuration: what is attached, and for a color without it what is reserved.
 * Not by name, as a server refuses names that don't lead anywhere yet.
 */
export function instancesOf(attached: Attached, reserved: Attached): Attached {
  return perColor((color) => {
    if (attached[color].length > 0) return attached[color];
    return reserved[color].every(isByNumber) ? reserved[color] : [];
  });
}

function isByNumber(address: string): boolean {
  return isIP(hostIn(address)) !== 0;
}

/** The addresses in the text of a configuration; nothing where there is none. */
export function instancesIn(text: string | null): Attached {
  return addressesIn(text, "# instance ");
}

/** The file beside the configuration. */
export function attachedText(attached: Attached): string {
  return colors.flatMap((color) => attached[color].map((each) => `${color} ${each}\n`)).join("");
}

/** What is attached: by that file, and in the configuration, should a write have been cut short. */
export function attachedIn(texts: {
  readonly attached: string | null;
  readonly config: string | null;
}): Attached {
  const instances = instancesIn(texts.config);
  const stored = addressesIn(texts.attached, "");
  return perColor((color) => stored[color].filter((each) => instances[color].includes(each)));
}

function addressesIn(text: string | null, prefix: string): Attached {
  const lines = (text ?? "").split("\n");
  return perColor((color) =>
    lines.flatMap((line) => {
      const start = `${prefix}${color} `;
      const found = line.startsWith(start) ? line.slice(start.length) : null;
      return found === null || targetProblem(found) !== null ? [] : [found];
    }),
  );
}

export function versionIn(text: string | null): string | null {
  return /^# version ([0-9a-f]{12})$/m.exec(text ?? "")?.[1] ?? null;
}
