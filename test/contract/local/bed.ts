/** A bed on this machine: real processes, the real supervisor and the real router. */

import { join } from "node:path";
import { parseSettings } from "../../../infra/config.ts";
import type { Settings } from "../../../infra/config.ts";
import { local } from "../../../infra/platforms/local/index.ts";
import { anyPort, freePort } from "../../../infra/platforms/local/supervisor/ports.ts";
import { ProcessBed, commonSettings, makeRoot } from "../process/bed.ts";
import type { PlatformBed } from "../suite/bed.ts";

export async function localBed(): Promise<PlatformBed> {
  const root = makeRoot();
  const port = await freePort("127.0.0.1", anyPort(new Set()), new Set());
  const { raw, processes } = commonSettings(root);
  const settings = parseSettings({ ...raw, local: JSON.stringify({ ...processes, port }) });
  const traits = { inactiveStatus: 503, preview: true, counts: true, ordered: true };
  return new ProcessBed({
    platform: local,
    traits,
    root,
    settings,
    changes: changesOf(settings, root),
  });
}

function changesOf(settings: Settings, root: string): Readonly<Record<string, Settings>> {
  const change = (more: Partial<Settings["local"]>): Settings => {
    return { ...settings, local: { ...settings.local, ...more } };
  };
  return {
    command: change({ command: [...settings.local.command, "--more"] }),
    environment: change({ env: { ...settings.local.env, MORE: "1" } }),
    files: change({ cwd: join(root, "other") }),
  };
}
