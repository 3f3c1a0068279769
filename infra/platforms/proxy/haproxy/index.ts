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
import { nobodyOut } from "./servers.ts";
import { command, liveState, lostSocket, runtimeOf } from "./runtime.ts";

const commandMs = 10_000;

export const haproxy: Dialect = {
  render: haproxyConfig,
  checkArgv: (spec, file = filesOf(spec).config) =>
    spec.mode === "managed"
      ? [spec.program, "-c", "-f", file]
      : (spec.check ?? [
          spec.program,
          "-c",
          "-f",
          "/etc/haproxy/haproxy.cfg",
          "-f",
          filesOf(spec).config,
        ]),
  startArgv: (spec) => {
    const { config, pid, masterSocket } = filesOf(spec);
    const master = `${masterSocket},mode,600`;
    return [spec.program, "-W", "-D", "-S", master, "-f", config, "-p", pid];
  },
  signals: { reload: "USR2", quit: "USR1", stop: "TERM" },
  explain(spec, output) {
    if (/cannot bind socket.*in use/.test(output)) return portInUse(spec);
    return refusal(spec, complaintIn(output), output);
  },
  allowStart,
  async prepare(host, spec) {
    await host.create(filesOf(spec).servers, nobodyOut);
  },
  troubles: lostSocket,
  async pointer(host, spec) {
    return /^live (\S+)$/m.exec((await host.read(filesOf(spec).map)) ?? "")?.[1] ?? null;
  },
  point,
  traffic: haproxyTraffic,
};

/**
 * Workers of nginx leave root by themselves, those of HAProxy only for an account that it is told.
 *
 * @throws SETTINGS_INVALID
 */
async function allowStart(host: Host, { user }: RouterSpec): Promise<void> {
  if (user !== null) return;
  const { stdout } = await host.run(["id", "-u"], { deadlineMs: commandMs });
  if (stdout.trim() !== "0") return;
  const message = `HAProxy's workers would be root on ${host.name}, on a port for everybody`;
  throw new BlueGreenError("SETTINGS_INVALID", message, {
    hint: `Set \`proxy.user\` to an account that has a group of its own name, such as "www-data".`,
  });
}

/**
 * The file first, as it is the truth after a restart: what was told to the process alone would be
 * lost by one. Killed in between, a restart finds what was never proven; `differences` in a reading
 * says so until the next command makes both agree.
 */
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
