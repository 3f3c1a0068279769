/** Requests per color on HAProxy, by the counters of the colors' backends in all its workers. */

import type { ColorTraffic, PerColor } from "../../../model.ts";
import { colors, perColor } from "../../../model.ts";
import { BlueGreenError } from "../../../errors.ts";
import type { Host } from "../host.ts";
import type { RouterSpec } from "../spec.ts";
import { backendName } from "./config.ts";
import { countedCommand, countedIn, errorsIn } from "./counted.ts";
import { formerWorkers } from "./former-workers.ts";
import type { RuntimePlace } from "./runtime.ts";
import { runtime, runtimeOf } from "./runtime.ts";
import type { Row } from "./stats.ts";
import { numberIn, statRows } from "./stats.ts";

/**
 * Requests and errors are those of the worker of now, as a former one begins none: so they never
 * fall when such a one ends. What is open, and when the last request was, is of all of them.
 *
 * @throws ROUTER_DOWN, also when former workers can't be asked
 */
export async function haproxyTraffic(
  host: Host,
  spec: RouterSpec,
): Promise<PerColor<ColorTraffic>> {
  const place = runtimeOf(spec);
  const former = await formerWorkers(host, place);
  if (former.kind === "unknown") throw new BlueGreenError("ROUTER_DOWN", former.why);
  const counted = await runtime(
    host,
    place,
    countedCommand(colors.map((color) => backendName(spec, color))),
  );
  const tables = await Promise.all([place, ...former.workers].map((each) => tableOf(host, each)));
  return perColor((color) => {
    const name = backendName(spec, color);
    const rows = tables.map((table) =>
      table.find(({ pxname, svname }) => pxname === name && svname === "BACKEND"),
    );
    const [now] = rows;
    return {
      requests: numberIn(now, "req_tot"),
      errors: errorsIn(now, countedIn(counted, name)),
      open: rows.reduce((sum, row) => sum + numberIn(row, "scur"), 0),
      lastRequestAt: lastOf(rows),
    };
  });
}

async function tableOf(host: Host, place: RuntimePlace): Promise<readonly Row[]> {
  return statRows(await runtime(host, place, "show stat"));
}

/** `lastsess`: seconds since the last request, -1 without any. */
function lastOf(rows: readonly (Row | undefined)[]): string | null {
  const ago = rows.flatMap((row) => {
    const seconds = row?.["lastsess"] ?? "";
    return /^\d+$/.test(seconds) ? [Number(seconds)] : [];
  });
  return ago.length === 0 ? null : new Date(Date.now() - Math.min(...ago) * 1000).toISOString();
}
