/** The logs of the platform: of processes, of installations on servers, and of a managed nginx. */

import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

import type { Settings } from "../../config.ts";
import { BlueGreenError } from "../../errors.ts";
import type { Color } from "../../model.ts";
import type { LogEntry, LogQuery } from "../../platform.ts";
import { colorLog } from "../local/logs.ts";
import { placeOf } from "../local/place.ts";
import { readLogFiles } from "../local/supervisor/log-reader.ts";
import type { Host } from "./host.ts";
import { withHost } from "./hosts/index.ts";
import { routerPlaceOf } from "./place.ts";
import { serverPlace } from "./server-place.ts";
import type { ServerColors } from "./settings.ts";
import type { RouterSpec } from "./spec.ts";
import { filesOf } from "./spec.ts";

const followMs = 1_000;
const tailMs = 10_000;

/** @throws SETTINGS_INVALID, USAGE where nobody but another program has the log */
export function proxyLogs(settings: Settings, query: LogQuery): AsyncIterable<LogEntry> {
  const { source, tail, follow, instance } = query;
  const options = { tail, ...(follow && { follow }) };
  if (source === "router" || source === "access") return routerLog(settings, query);
  if (settings.proxy.colors.kind === "process") {
    return colorLog(placeOf(settings).color[source], source, { ...options, only: instance });
  }
  return serversLog(settings.proxy.colors, source, query);
}

/** What their installations from this machine said. @throws USAGE where there is none */
function serversLog(
  colors: ServerColors,
  source: Color,
  { tail, follow, instance: only }: LogQuery,
): AsyncIterable<LogEntry> {
  const files = colors[source]
    .map((address, instance) => ({
      source: instance,
      path: serverPlace({ address, ssh: colors.ssh }).log,
    }))
    .filter((file) => (only === null || file.source === only) && existsSync(file.path));
  if (files.length === 0) {
    const message = `no installation of ${source} was run from this machine`;
    throw new BlueGreenError("USAGE", message, {
      hint: `the instances keep their own logs, read them there: ${colors[source].join(", ")}`,
    });
  }
  const lines = readLogFiles(() => files, { tail, ...(follow && { follow }) });
  return (async function* () {
    for await (const { source: instance, line } of lines) yield { source, instance, line };
  })();
}

function routerLog(settings: Settings, query: LogQuery): AsyncIterable<LogEntry> {
  const { spec, ssh } = routerPlaceOf(settings);
  const path = routerLogPath(spec, query);
  return ssh === null ? localLog(path, query) : remoteLog(path, query, ssh);
}

/** @throws USAGE */
function routerLogPath(spec: RouterSpec, { source }: LogQuery): string {
  const { dialect, mode } = spec;
  if (mode === "managed" && dialect === "nginx" && source === "router") {
    return filesOf(spec).errorLog;
  }
  const what = source === "access" ? "no access log" : "no log of its own";
  const hint =
    mode === "adopted"
      ? `your ${dialect} keeps it where its own configuration says`
      : "`bluegreen status` counts the requests; `bluegreen doctor` says what is wrong";
  throw new BlueGreenError("USAGE", `this router on ${dialect} writes ${what}`, { hint });
}

async function* localLog(path: string, { tail, follow }: LogQuery): AsyncIterable<LogEntry> {
  const files = () => [{ source: "router", path }];
  const options = { tail, ...(follow && { follow }) };
  for await (const { line } of readLogFiles(files, options)) {
    yield { source: "router", instance: null, line };
  }
}

async function* remoteLog(
  path: string,
  { tail, follow }: LogQuery,
  ssh: NonNullable<ReturnType<typeof routerPlaceOf>["ssh"]>,
): AsyncIterable<LogEntry> {
  let bytes = await withHost(ssh, (host) => sizeOf(host, path));
  for (const line of await withHost(ssh, (host) => linesOf(host, ["-n", String(tail), path]))) {
    yield { source: "router", instance: null, line };
  }
  while (follow && !follow.aborted) {
    await sleep(followMs, null, { signal: follow }).catch(() => undefined);
    const from = bytes;
    const read = async (host: Host): Promise<readonly string[]> => {
      bytes = await sizeOf(host, path);
      return bytes > from ? linesOf(host, ["-c", `+${from + 1}`, path]) : [];
    };
    for (const line of await withHost(ssh, read)) yield { source: "router", instance: null, line };
  }
}

async function sizeOf(host: Host, path: string): Promise<number> {
  const [size] = await host.sizes([path]);
  return size?.bytes ?? 0;
}

async function linesOf(host: Host, words: readonly string[]): Promise<readonly string[]> {
  const { stdout } = await host.run(["tail", ...words], { deadlineMs: tailMs });
  return stdout.split("\n").filter((line) => line !== "");
}
