/** The settings as Pulumi hands them to the program, with paths that don't depend on a folder. */

import { resolve } from "node:path";
import * as pulumi from "@pulumi/pulumi";
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

export function absolutePaths(settings: Settings, root: string): Settings {
  const { local } = settings;
  const tls = local.tls && {
    cert: resolve(root, local.tls.cert),
    key: resolve(root, local.tls.key),
  };
  return { ...settings, local: { ...local, cwd: resolve(root, local.cwd), tls } };
}
