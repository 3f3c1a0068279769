/** The settings as Pulumi hands them to the program, with paths that don't depend on a folder. */

import * as pulumi from "@pulumi/pulumi";
import { absolutePaths } from "./config/absolute-paths.ts";
import { namespace, parseSettings } from "./config.ts";
import type { Settings } from "./config.ts";

/**
 * @param root folder of Pulumi.yaml, which relative paths start from
 * @throws SETTINGS_INVALID with all problems at once
 */
export function readSettings(root: string): Settings {
  const prefix = `${namespace}:`;
  const own = Object.entries(pulumi.runtime.allConfig()).filter(([key]) => key.startsWith(prefix));
  return absolutePaths(parseSettings(Object.fromEntries(own)), root);
}
