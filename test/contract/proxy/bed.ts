/** A bed on this machine: real processes on fixed ports behind a real nginx or HAProxy. */

import { join } from "node:path";
import { parseSettings } from "../../../infra/config.ts";
import type { Settings } from "../../../infra/config.ts";
import { anyPort, freePort } from "../../../infra/platforms/local/supervisor/ports.ts";
import { proxy } from "../../../infra/platforms/proxy/index.ts";
import type { ProcessColors } from "../../../infra/platforms/proxy/settings.ts";
import type { DialectName } from "../../../infra/platforms/proxy/spec.ts";
import { findProgram, workersAccount } from "../../support/programs.ts";
import { ProcessBed, commonSettings, makeRoot } from "../process/bed.ts";
import type { PlatformBed } from "../suite/bed.ts";

/** So many ports of a color are free, one after the other. */
const portsEach = 3;

export async function proxyBed(dialect: DialectName): Promise<PlatformBed> {
  const root = makeRoot();
  const [port, blue, green] = [await freePorts(1), await freePorts(), await freePorts()];
  const { raw, processes } = commonSettings(root);
  const account = dialect === "haproxy" ? workersAccount() : null;
  const slice = {
    dialect,
    ...(account !== null && { user: account }),
    port,
    dir: join(root, "state", "router"),
    program: findProgram(dialect) ?? dialect,
    colors: { kind: "process", ...processes, ports: { blue, green } },
  };
  const settings = parseSettings({ ...raw, platform: "proxy", proxy: JSON.stringify(slice) });
  const closesIdle = dialect === "nginx";
  const traits = { inactiveStatus: 503, preview: true, counts: true, ordered: true, closesIdle };
  const changes = changesOf(settings, root);
  return new ProcessBed({ platform: proxy, traits, root, settings, changes });
}

function changesOf(settings: Settings, root: string): Readonly<Record<string, Settings>> {
  const { colors } = settings.proxy;
  if (colors.kind !== "process") throw new Error("the bed has processes");
  const change = (more: Partial<ProcessColors>): Settings => {
    return { ...settings, proxy: { ...settings.proxy, colors: { ...colors, ...more } } };
  };
  return {
    command: change({ command: [...colors.command, "--more"] }),
    environment: change({ env: { ...colors.env, MORE: "1" } }),
    files: change({ cwd: join(root, "other") }),
    ports: change({ ports: { ...colors.ports, blue: colors.ports.blue + 1 } }),
  };
}

/** The first of some ports that are free. */
export async function freePorts(count = portsEach): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const first = anyPort(new Set());
    const all = Array.from({ length: count }, (_, index) => first + index);
    const free = await Promise.all(
      all.map(async (each) => (await freePort("127.0.0.1", each, new Set())) === each),
    );
    if (!free.includes(false)) return first;
  }
  throw new Error(`no ${count} ports are free one after the other`);
}
