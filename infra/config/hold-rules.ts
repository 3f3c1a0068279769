/** Rules about the hold: only what can have fewer instances can be held warm. */

import { colors } from "../model.ts";
import type { Path } from "./path.ts";
import { staysInSize } from "./platform-facts.ts";
import type { Problem } from "./problems.ts";
import type { Settings } from "./settings.ts";

const warm: Path = ["hold", "warm"];

export const holdRules: readonly {
  readonly rule: (settings: Settings) => readonly Problem[];
  readonly reads: readonly Path[];
}[] = [
  { rule: serversStay, reads: [warm, ["platform"], ["proxy", "colors", "kind"]] },
  { rule: givenColorsStay, reads: [warm, ["given"]] },
  { rule: bakeComesFirst, reads: [warm, ["bake", "duration"]] },
  { rule: ownColorsStay, reads: [warm, ["color", "file"]] },
];

const fix = "leave hold.warm out: the former color is then held as large as it is";

function serversStay(settings: Settings): readonly Problem[] {
  if (settings.hold.warm === null || !staysInSize(settings)) return [];
  const problem = "is for colors of processes: servers stay as many as they are";
  return [{ path: warm, problem, fix, about: [["proxy", "colors", "kind"]] }];
}

function givenColorsStay({ hold, given }: Settings): readonly Problem[] {
  const managed = colors.filter((color) => given[color] !== null);
  if (hold.warm === null || managed.length === 0) return [];
  const problem = "can't be had of a color that somebody else manages";
  return [{ path: warm, problem, fix, about: managed.map((color) => ["given", color]) }];
}

/** What its addresses stand for isn't known, so neither is which of them would go. */
function ownColorsStay({ hold, color }: Settings): readonly Problem[] {
  if (hold.warm === null || color.file === null) return [];
  const problem = "can't be had of what a component of your own makes";
  return [{ path: warm, problem, fix, about: [["color", "file"]] }];
}

/** Nothing has earned a smaller way back where nothing is judged. */
function bakeComesFirst({ hold, bake }: Settings): readonly Problem[] {
  if (hold.warm === null || bake.durationMs > 0) return [];
  const problem = "comes after a bake that passed, and none is asked for";
  const about: Path[] = [["bake", "duration"]];
  return [{ path: warm, problem, fix: "leave it out, or bake for some time", about }];
}
