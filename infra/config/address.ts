/** Host names and `host:port` addresses: their form, and the hosts that are never a target. */

import { BlockList, isIP, isIPv6 } from "node:net";

/** Addresses by which cloud machines hand out credentials; traffic is never routed there. */
const metadata = new BlockList();
metadata.addSubnet("169.254.0.0", 16, "ipv4");
// Oracle's, Azure's and Alibaba's, that aren't link-local; then Amazon's and Google's.
for (const address of ["192.0.0.192", "168.63.129.16", "100.100.100.200"]) {
  metadata.addAddress(address, "ipv4");
}
for (const address of ["fd00:ec2::254", "fd20:ce::254"]) metadata.addAddress(address, "ipv6");

const linkLocal = new BlockList();
linkLocal.addSubnet("fe80::", 10, "ipv6");

/** Names of a machine's own loopback, as settings write them. */
export const loopback: readonly string[] = ["127.0.0.1", "::1", "localhost"];

/** What is wrong with a `host:port`; null for a good one. IPv6 hosts are written in brackets. */
export function addressProblem(address: string): string | null {
  const parts = /^(\[[0-9A-Fa-f:.]+\]|[^\s:/?#@[\]\\%]+):(\d{1,5})$/.exec(address);
  if (parts === null) return "isn't host:port";
  const port = Number(parts[2]);
  if (port < 1 || port > 65_535) return "has a port outside 1 to 65535";
  const host = canonicalHost(parts[1] ?? "");
  if (host === null || !isHostName(host)) return "has a host that isn't a name or an IP address";
  return hostProblem(host);
}

/** A DNS name, an IPv4 address, or an IPv6 address without brackets. */
export function isHostName(host: string): boolean {
  if (isIP(host) !== 0) return true;
  const labels = host.replace(/\.$/, "").split(".");
  return (
    host.length <= 253 &&
    labels.every((label) => /^[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$/.test(label)) &&
    !/^\d+$/.test(labels.at(-1) ?? "")
  );
}

/** A host as it is written without brackets, with its port; IPv6 then gets them. */
export function hostAndPort(host: string, port: number | string): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** `host:port` in the one form in which two spellings of an address are equal. */
export function canonicalAddress(address: string): string {
  const colon = address.lastIndexOf(":");
  const host = canonicalHost(address.slice(0, colon)) ?? address.slice(0, colon);
  return `${host}:${Number(address.slice(colon + 1))}`;
}

/** As a resolver will read it: "0xa9fea9fe" and "2852039166" are IPv4 addresses too. */
function canonicalHost(host: string): string | null {
  try {
    return new URL(`http://${host}/`).hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
  } catch {
    return null;
  }
}

/** Why a host is never asked, after its name: "is a ..."; null for any other, and for a name. */
export function hostProblem(host: string): string | null {
  const address = host.replace(/%.*$/, "");
  const family = isIP(address);
  if (family === 0) return null;
  const kind = isIPv6(address) ? "ipv6" : "ipv4";
  const inner = kind === "ipv6" ? embedded(address) : null;
  // The lists also see through IPv4 addresses that are mapped into IPv6.
  if (metadata.check(address, kind) || (inner !== null && metadata.check(inner, "ipv4"))) {
    return "is a cloud metadata address, which hands out credentials";
  }
  return linkLocal.check(address, kind)
    ? "is a link-local address, where machines keep what only they may ask"
    : null;
}

/** Where networks translate, these lead to the IPv4 address in them: its first group of two. */
const translated: readonly { readonly from: BlockList; readonly group: number }[] = [
  { from: networkOf("64:ff9b::", 96), group: 6 },
  { from: networkOf("::", 96), group: 6 },
  { from: networkOf("2002::", 16), group: 1 },
];

function networkOf(network: string, prefix: number): BlockList {
  const list = new BlockList();
  list.addSubnet(network, prefix, "ipv6");
  return list;
}

/** The IPv4 address that an IPv6 address stands for by NAT64 or 6to4, or old mapping; or null. */
function embedded(address: string): string | null {
  const found = translated.find(({ from }) => from.check(address, "ipv6"));
  if (!found) return null;
  const [left = "", right] = (canonicalHost(`[${address}]`) ?? "").split("::");
  const [before, after] = [left, right ?? ""].map((part) => part.split(":").filter(Boolean));
  const zeros = Array<string>(8 - (before?.length ?? 0) - (after?.length ?? 0)).fill("0");
  const groups = [...(before ?? []), ...(right === undefined ? [] : zeros), ...(after ?? [])];
  const bytes = groups.slice(found.group, found.group + 2).flatMap((group) => {
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 255];
  });
  return bytes.join(".");
}
