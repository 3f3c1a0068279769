/** The logs that the local platform keeps: of instances, of the router, of requests. */

import { join } from "node:path";
import type { Settings } from "../../config.ts";
import { BlueGreenError } from "../../errors.ts";
import type { Color } from "../../model.ts";
import type { LogEntry, LogQuery } from "../../platform.ts";
import { placeOf } from "./place.ts";
import { routerFiles } from "./router/protocol.ts";
import { loggedInstances, readLogs } from "./supervisor/client.ts";
import type { LogOptions } from "./supervisor/client.ts";
import { readLogFiles } from "./supervisor/log-reader.ts";

const routerLogs = { router: routerFiles.log, access: routerFiles.accessLog } as const;

/** @throws SETTINGS_INVALID when the settings carry no application id yet */
export function localLogs(settings: Settings, query: LogQuery): AsyncIterable<LogEntry> {
  const { source, tail, follow } = query;
  const place = placeOf(settings);
  const options = { tail, ...(follow && { follow }) };
  return source === "router" || source === "access"
    ? routerLog(place.router, source, options)
    : colorLog(place.color[source], source, { ...options, only: query.instance });
}

async function* routerLog(
  dir: string,
  source: "router" | "access",
  options: LogOptions,
): AsyncIterable<LogEntry> {
  const files = () => [{ source, path: join(dir, routerLogs[source]) }];
  for await (const { line } of readLogFiles(files, options)) yield { source, instance: null, line };
}

/** What the processes of a color wrote. @throws USAGE for an instance that has never been there */
export async function* colorLog(
  dir: string,
  source: Color,
  { only, ...options }: LogOptions & { readonly only: number | null },
): AsyncIterable<LogEntry> {
  if (only !== null) refuseUnknown(loggedInstances(dir), { source, only });
  for await (const { instance, line } of readLogs(dir, options)) {
    if (only === null || only === instance) yield { source, instance, line };
  }
}

/** A color without any log was never filled here: there is nothing to choose from. */
function refuseUnknown(
  known: readonly number[],
  { source, only }: { readonly source: Color; readonly only: number },
): void {
  const last = known.at(-1);
  if (last === undefined || known.includes(only)) return;
  throw new BlueGreenError("USAGE", `${source} has no instance ${only}`, {
    hint: `\`bluegreen logs ${source} --instance N\`: N is ${last === 0 ? "0" : `from 0 to ${last}`}`,
  });
}
