/** Where a probe goes: a public URL or the address of one instance. */

import { BlockList, isIP } from "node:net";
import type { Address } from "../model.ts";

export type Asked = { readonly url: string } | { readonly address: Address };

export interface Target {
  /** Scheme, host and port: what messages may show of a URL that could hold credentials. */
  readonly origin: string;
  readonly secure: boolean;
  readonly host: string;
  readonly port: number;
  /** Path of the URL itself, for probes that name none. */
  readonly path: string;
  readonly loopback: boolean;
}

const loopbackAddresses = new BlockList();
loopbackAddresses.addSubnet("127.0.0.0", 8, "ipv4");
loopbackAddresses.addAddress("::1", "ipv6");

/** Null for what isn't an http or https URL. */
export function targetOf(asked: Asked): Target | null {
  const url = URL.parse("url" in asked ? asked.url : `http://${asked.address}`);
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) return null;
  const secure = url.protocol === "https:";
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  return {
    origin: url.origin,
    secure,
    host,
    port: url.port === "" ? (secure ? 443 : 80) : Number(url.port),
    path: url.pathname + url.search,
    loopback: isLoopback(host),
  };
}

function isLoopback(host: string): boolean {
  const family = isIP(host);
  if (family === 0) return /^(.+\.)?localhost\.?$/.test(host);
  return loopbackAddresses.check(host, family === 6 ? "ipv6" : "ipv4");
}
