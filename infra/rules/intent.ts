/** When the settings file's `activeColor` is somebody's wish, and when it is only old. Pure. */

import { BlueGreenError } from "../errors.ts";
import type { Color, RouterRecord } from "../model.ts";

/** What the settings file says of the router. */
export interface Declared {
  readonly activeColor: Color | null;
  readonly generation: number | null;
}

export type Intent =
  | { readonly kind: "none"; readonly warning: string | null }
  | { readonly kind: "activate"; readonly color: Color }
  | { readonly kind: "stale"; readonly error: BlueGreenError };

/**
 * File equal to what the router last obeyed: nobody wishes anything, live traffic stays.
 * File different: a wish, unless the file carries an older generation than the router's.
 */
export function readIntent(file: Declared, record: RouterRecord, settingsFile: string): Intent {
  const { activeColor } = record;
  if (file.activeColor === null || file.activeColor === record.declared) {
    return { kind: "none", warning: differs(file, record, settingsFile) };
  }
  if (file.activeColor === activeColor) return { kind: "activate", color: file.activeColor };
  if (file.generation !== null && file.generation < record.generation) {
    return { kind: "stale", error: stale(file, record, settingsFile) };
  }
  return { kind: "activate", color: file.activeColor };
}

function differs(file: Declared, record: RouterRecord, settingsFile: string): string | null {
  if (file.activeColor === null || file.activeColor === record.activeColor) return null;
  return (
    `${settingsFile} says ${file.activeColor}, which was obeyed before; traffic stays on ` +
    `${record.activeColor ?? "no color"} (generation ${record.generation})`
  );
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
