/** HAProxy as a dialect: a flip is a map's file first, then the same map in the running process. */

import { BlueGreenError } from "../../../errors.ts";
import type { Dialect } from "../dialect.ts";
import type { Host } from "../host.ts";
import type { Complaint } from "../refusal.ts";
import { portInUse, refusal } from "../refusal.ts";
import type { RouterSpec } from "../spec.ts";
import { filesOf } from "../spec.ts";
import { haproxyConfig } from "./config.ts";
import { haproxyTraffic } from "./counters.ts";
import { command, liveState, runtimeOf } from "./runtime.ts";

export const haproxy: Dialect = {
  render: haproxyConfig,
  checkArgv: (spec) =>
    spec.mode === "managed"
      ? [spec.program, "-c", "-f", filesOf(spec).config]
      : (spec.check ?? [
          spec.program,
          "-c",
          "-f",
          "/etc/haproxy/haproxy.cfg",
          "-f",
          filesOf(spec).config,
        ]),
  startArgv: (spec) => {
    const { config, pid } = filesOf(spec);
    return [spec.program, "-W", "-D", "-f", config, "-p", pid];
  },
  signals: { reload: "USR2", quit: "USR1", stop: "TERM" },
  explain(spec, output) {
    if (/cannot bind socket.*in use/.test(output)) return portInUse(spec);
    return refusal(spec, complaintIn(output), output);
  },
  prepare: () => Promise.resolve(),
  async pointer(host, spec) {
    return /^live (\S+)$/m.exec((await host.read(filesOf(spec).map)) ?? "")?.[1] ?? null;
  },
  point,
  traffic: haproxyTraffic,
};

/** The file is the truth after a restart, so it never says what the process was never told. */
async function point(
  host: Host,
  spec: RouterSpec,
  { name, running }: { name: string; running: boolean },
): Promise<void> {
  const { map } = filesOf(spec);
  const former = await host.read(map);
  await host.write(map, `live ${name}\n`);
  if (!running) return;
  try {
    await command(host, runtimeOf(spec), `set map ${map} live ${name}`);
    await readBack(host, spec, name);
  } catch (error) {
    if (former !== null) await host.write(map, former);
    throw error;
  }
}

/** @throws ROUTER_DOWN when the process holds another state than it was told */
async function readBack(host: Host, spec: RouterSpec, name: string): Promise<void> {
  const live = await liveState(host, spec);
  if (live === name) return;
  throw new BlueGreenError(
    "ROUTER_DOWN",
    `HAProxy was told ${name}, but its map holds ${live ?? "nothing"}`,
    { hint: "Does anything else write HAProxy's maps? `bluegreen status` tells what is served." },
  );
}

/** `[ALERT] (7) : config : parsing [/etc/haproxy/x.cfg:12] : unknown keyword 'y'`. */
function complaintIn(output: string): Complaint | null {
  const said = /\[ALERT\]\s+\(\d+\) : (?:config : )?(.+)/.exec(output)?.[1];
  if (said === undefined) return null;
  const placed = /^\[?(?:parsing \[)?([^\][]+):(\d+)\] ?: ?(.*)$/.exec(said);
  if (!placed) return { text: said, file: null, line: null };
  return { text: placed[3] ?? said, file: placed[1] ?? null, line: placed[2] ?? null };
}
