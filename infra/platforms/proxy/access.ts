/** A router with the host that it runs on and the dialect that it speaks. */

import type { Host } from "./host.ts";
import type { Dialect } from "./dialect.ts";
import type { DialectName, RouterSpec } from "./spec.ts";
import { checkSpec } from "./spec.ts";
import { haproxy } from "./haproxy/index.ts";
import { nginx } from "./nginx/index.ts";

const dialects: Readonly<Record<DialectName, Dialect>> = { nginx, haproxy };

export interface Access {
  readonly spec: RouterSpec;
  readonly host: Host;
  readonly dialect: Dialect;
}

/** @throws BlueGreenError SETTINGS_INVALID */
export function accessOf(spec: RouterSpec, host: Host): Access {
  checkSpec(spec);
  return { spec, host, dialect: dialects[spec.dialect] };
}
