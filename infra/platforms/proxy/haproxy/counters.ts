/** Requests per color on HAProxy, by the counters of the colors' backends. */

import type { ColorTraffic, PerColor } from "../../../model.ts";
import { perColor } from "../../../model.ts";
import type { Host } from "../host.ts";
import type { RouterSpec } from "../spec.ts";
import { backendName } from "./config.ts";
import { runtime, runtimeOf } from "./runtime.ts";
import type { Row } from "./stats.ts";
import { numberIn, statRows } from "./stats.ts";

export async function haproxyTraffic(
  host: Host,
  spec: RouterSpec,
): Promise<PerColor<ColorTraffic>> {
  const rows = statRows(await runtime(host, runtimeOf(spec), "show stat"));
  const now = Date.now();
  return perColor((color) => {
    const name = backendName(spec, color);
    const row = rows.find(({ pxname, svname }) => pxname === name && svname === "BACKEND");
    return {
      requests: numberIn(row, "req_tot"),
      errors: numberIn(row, "hrsp_5xx"),
      open: numberIn(row, "scur"),
      lastRequestAt: lastOf(row, now),
    };
  });
}

/** `lastsess`: seconds since the last request, -1 without any. */
function lastOf(row: Row | undefined, now: number): string | null {
  const seconds = row?.["lastsess"] ?? "";
  return /^\d+$/.test(seconds) ? new Date(now - Number(seconds) * 1000).toISOString() : null;
}
