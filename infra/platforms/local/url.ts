/** The public address of the local router. */

import type { Settings } from "../../config.ts";
import { hostAndPort } from "../../config/address.ts";

const anywhere = new Set(["0.0.0.0", "::"]);

/** As the settings say. */
export function urlOf({ local }: Settings): string {
  return urlAt({ ...local, tls: local.tls !== null });
}

/** An address that can be asked from this machine, also where the router listens everywhere. */
export function urlAt(listen: {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
}): string {
  const host = anywhere.has(listen.host) ? "127.0.0.1" : listen.host;
  const scheme = listen.tls ? "https" : "http";
  return `${scheme}://${hostAndPort(host, listen.port)}`;
}
