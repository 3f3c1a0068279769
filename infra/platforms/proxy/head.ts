/** What both dialects' configurations begin with and have in common. PURE. */

import type { Attached, Rendering } from "./dialect.ts";
import type { Color } from "../../model.ts";
import { colors, otherColor, perColor } from "../../model.ts";
import { targetProblem } from "./safe-text.ts";

/** Comments that a later run reads back. */
export function configHead({ attached, version }: Rendering): string[] {
  return [
    "# Written by bluegreen, and overwritten by it: changes by hand are lost.",
    `# version ${version}`,
    ...colors.flatMap((color) => attached[color].map((each) => `# attached ${color} ${each}`)),
  ];
}

/**
 * The color that gets another's share. A worker from before a reload may learn of a flip to a color
 * that it has no instances of: it goes on with the one that it has, as long as it lives.
 */
export function standIn(attached: Attached, color: Color): Color {
  const other = otherColor(color);
  return attached[color].length === 0 && attached[other].length > 0 ? other : color;
}

/** What is attached by the text of a configuration; nothing where there is none. */
export function attachedIn(text: string | null): Attached {
  const lines = (text ?? "").split("\n");
  return perColor((color) =>
    lines.flatMap((line) => {
      const found = new RegExp(`^# attached ${color} (\\S+)$`).exec(line)?.[1];
      return found === undefined || targetProblem(found) !== null ? [] : [found];
    }),
  );
}

export function versionIn(text: string | null): string | null {
  return /^# version ([0-9a-f]{12})$/m.exec(text ?? "")?.[1] ?? null;
}
