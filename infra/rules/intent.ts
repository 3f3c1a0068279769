/** When the settings file's `activeColor` is somebody's wish, and when it is only old. Pure. */

import { BlueGreenError } from "../errors.ts";
import type { Color, RouterRecord } from "../model.ts";
import { otherColor } from "../model.ts";

/** What the settings file says of the router. */
export interface Declared {
  /** `none` is no wish either: a file can't stop what serves. Null where the file doesn't say. */
  readonly activeColor: Color | "none" | null;
  readonly generation: number | null;
}

export type Intent =
  | { readonly kind: "none"; readonly warning: string | null }
  | { readonly kind: "activate"; readonly color: Color }
  | { readonly kind: "stale"; readonly error: BlueGreenError };

/**
 * File equal to what the router last obeyed: nobody wishes anything, live traffic stays.
 * File different: a wish, unless the file carries an older generation than the router's. Such a file
 * is never obeyed; it is refused, but where it says only what was true at its generation.
 */
export function readIntent(file: Declared, record: RouterRecord, settingsFile: string): Intent {
  const { activeColor } = record;
  const color = declaredColor(file);
  if (color === null || color === record.declared) {
    return { kind: "none", warning: differs(file, record, settingsFile) };
  }
  if (color === activeColor) return { kind: "activate", color };
  if (isCopy(file, record)) return { kind: "none", warning: differs(file, record, settingsFile) };
  if (file.generation !== null && file.generation < record.generation) {
    return { kind: "stale", error: stale(file, record, settingsFile) };
  }
  return { kind: "activate", color };
}

/** The color that the file names; null where it names none. */
export function declaredColor({ activeColor }: Declared): Color | null {
  return activeColor === "none" ? null : activeColor;
}

/**
 * True where the file says what the router did at the file's own, earlier generation: it was written
 * after a switch, or pasted, and nobody has touched it since. Each generation is a change of the
 * active color, so their number tells which one it was.
 */
export function isCopy(file: Declared, { activeColor, generation }: RouterRecord): boolean {
  if (activeColor === null || file.generation === null || file.generation < 1) return false;
  const changes = generation - file.generation;
  if (changes < 1) return false;
  return declaredColor(file) === (changes % 2 === 0 ? activeColor : otherColor(activeColor));
}

function differs(file: Declared, record: RouterRecord, settingsFile: string): string | null {
  const { activeColor, generation } = record;
  if (file.activeColor === null || declaredColor(file) === activeColor) return null;
  const stays = `traffic stays on ${activeColor ?? "no color"} (generation ${generation})`;
  if (file.activeColor !== "none") {
    const old =
      declaredColor(file) === record.declared
        ? "which was obeyed before"
        : `as the router did at generation ${String(file.generation)}`;
    return `${settingsFile} says ${file.activeColor}, ${old}; ${stays}`;
  }
  const way = "take it off line with `bluegreen down --stop-serving`";
  return `${settingsFile} says none, which stops nothing: ${stays}; ${way}`;
}

function stale(file: Declared, record: RouterRecord, settingsFile: string): BlueGreenError {
  return new BlueGreenError(
    "STALE_INTENT",
    `${settingsFile} asks for ${String(file.activeColor)} at generation ` +
      `${String(file.generation)}, the router is at ${record.generation}`,
    {
      hint:
        `traffic stays on ${record.activeColor ?? "no color"}; to keep it there, paste the lines ` +
        `above into ${settingsFile}; to move it, set their generation and the color you want`,
      details: pasteLines(record),
    },
  );
}

/** The lines that make the settings file say what the router does. */
export function pasteLines(record: RouterRecord): readonly string[] {
  return [
    `bluegreen:activeColor: ${record.activeColor ?? "none"}`,
    `bluegreen:generation: ${record.generation}`,
  ];
}
