/** The public address of the local router. */

import type { Settings } from "../../config.ts";

const anywhere = new Set(["0.0.0.0", "::"]);

/** An address that can be asked from this machine, also where the router listens everywhere. */
export function urlOf({ local }: Settings): string {
  const host = anywhere.has(local.host) ? "127.0.0.1" : local.host;
  const scheme = local.tls ? "https" : "http";
  return `${scheme}://${host.includes(":") ? `[${host}]` : host}:${local.port}`;
}
