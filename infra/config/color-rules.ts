/** The rules between the settings of a component of the user's own and others. */

import { colors } from "../model.ts";
import { loopback } from "./address.ts";
import type { Path } from "./path.ts";
import type { Problem } from "./problems.ts";
import type { Settings } from "./settings.ts";

/** Each rule with the settings that it reads. */
export const colorRules: readonly {
  readonly rule: (settings: Settings) => readonly Problem[];
  readonly reads: readonly Path[];
}[] = [
  { rule: componentIsNamed, reads: [["color"]] },
  { rule: componentMakesSomething, reads: [["color", "file"], ["given"]] },
  { rule: claimOutlivesTheComponent, reads: [["color"], ["claim"]] },
  { rule: processesAreReachable, reads: [["platform"], ["proxy"], ["given"], ["color", "file"]] },
];

function componentIsNamed({ color }: Settings): readonly Problem[] {
  const written = (["with", "secrets"] as const).find((key) => Object.keys(color[key]).length > 0);
  if (color.file !== null || written === undefined) return [];
  const problem = `is missing, so nobody gets bluegreen:color.${written}`;
  const fix = 'write the file of your component, such as "./infra/shop-color.ts"';
  return [{ path: ["color", "file"], problem, fix }];
}

function componentMakesSomething({ color, given }: Settings): readonly Problem[] {
  if (color.file === null || colors.some((each) => given[each] === null)) return [];
  const problem = "is for no color, as both are given by their addresses";
  return [{ path: ["color", "file"], problem, fix: "remove it, or one color of bluegreen:given" }];
}

function claimOutlivesTheComponent({ color, claimMs }: Settings): readonly Problem[] {
  if (color.file === null || claimMs > color.startMs) return [];
  const about: Path[] = [["color", "start"]];
  const problem = "ends before a color may have started";
  return [{ path: ["claim"], problem, fix: "write more than the time to start", about }];
}

/** The processes of colors run where this runs, and listen on loopback. */
function processesAreReachable({ platform, proxy, given, color }: Settings): readonly Problem[] {
  const { ssh, colors: made } = proxy;
  const isHere = ssh === null || loopback.includes(ssh.host);
  if (platform !== "proxy" || made.kind !== "process" || isHere) return [];
  if (color.file !== null || colors.every((each) => given[each] !== null)) return [];
  const problem = "is process, whose instances a router elsewhere can't reach";
  const fix = "list machines of the colors' own, or run this where the router is";
  return [{ path: ["proxy", "colors", "kind"], problem, fix }];
}
