/** Makes the paths in the settings independent of the folder in which something runs. */

import { resolve } from "node:path";
import type { Settings } from "../config.ts";

/** Relative paths start from `root`, the folder of Pulumi.yaml. */
export function absolutePaths(settings: Settings, root: string): Settings {
  const { color, local, migrations, proxy } = settings;
  const { expand } = migrations;
  const sql = expand?.sql.map((file) => resolve(root, file)) ?? [];
  const tls = local.tls && {
    cert: resolve(root, local.tls.cert),
    key: resolve(root, local.tls.key),
  };
  const colors = { ...proxy.colors, cwd: resolve(root, proxy.colors.cwd) };
  return {
    ...settings,
    color: { ...color, file: color.file && resolve(root, color.file) },
    local: { ...local, cwd: resolve(root, local.cwd), tls },
    migrations: { ...migrations, expand: expand && { ...expand, sql } },
    proxy: { ...proxy, colors },
  };
}
