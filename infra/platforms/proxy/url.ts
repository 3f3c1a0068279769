/** The public address of an application behind nginx or HAProxy. */

import type { Settings } from "../../config.ts";
import { hostAndPort } from "../../config/address.ts";

const anywhere = new Set(["0.0.0.0", "::"]);

/** As the settings say; else where the router listens. */
export function urlOf({ proxy }: Settings): string {
  const { url, host, port, ssh } = proxy;
  return (
    url ?? `http://${hostAndPort(anywhere.has(host) ? (ssh?.host ?? "127.0.0.1") : host, port)}`
  );
}
