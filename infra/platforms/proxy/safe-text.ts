/** What may stand in a generated configuration: every text is judged here, and only here. PURE. */

import { isIP } from "node:net";

import { addressProblem, canonicalAddress } from "../../config/address.ts";

/**
 * Part of identifiers in a configuration: no "_", so that two names never make the same one; short,
 * as regular expressions name their groups with 32 characters at most.
 */
export function nameProblem(name: string): string | null {
  return /^[a-z][a-z0-9]{0,19}$/.test(name)
    ? null
    : "isn't a small letter, then up to 19 small letters or digits";
}

/** Name of an upstream (nginx) or backend (HAProxy) in somebody's own configuration. */
export function sectionProblem(name: string): string | null {
  if (/^bg_/.test(name)) return `begins with "bg_", which is for names of our own`;
  return /^[A-Za-z][A-Za-z0-9_-]{0,63}$/.test(name)
    ? null
    : "isn't a letter, then letters, digits, - or _";
}

/** A cookie's name: one that nginx can have as a variable, too. */
export function cookieProblem(name: string): string | null {
  return /^[a-z][a-z0-9_]{0,39}$/.test(name)
    ? null
    : "isn't a small letter, then small letters, digits or _";
}

/** An account of the router's host. */
export function userProblem(name: string): string | null {
  return /^[a-z_][a-z0-9_-]{0,31}$/.test(name)
    ? null
    : "isn't a small letter, then small letters, digits, - or _";
}

/** An absolute path without anything that a shell, a configuration or OpenSSH would read as more. */
export function safePathProblem(path: string): string | null {
  if (!path.startsWith("/")) return "isn't an absolute path";
  if (path.length > 200) return "is longer than 200 characters";
  if (path.split("/").some((part) => part === ".." || part === ".")) return `has a ".." or "."`;
  if (!/^[A-Za-z0-9._@+/-]*$/.test(path))
    return "has characters besides letters, digits and . _ @ + - /";
  return /\/$|\/\/|\/-/.test(path)
    ? `ends with "/", or has an empty part or one with a "-" first`
    : null;
}

/** A program: its absolute path, or its name to be found by PATH. */
export function programProblem(program: string): string | null {
  if (program.startsWith("/")) return safePathProblem(program);
  return /^[A-Za-z0-9][A-Za-z0-9._+-]{0,99}$/.test(program)
    ? null
    : "isn't a name or an absolute path";
}

/** An IP address to listen on. */
export function listenProblem(host: string): string | null {
  return isIP(host) !== 0 && !host.includes("%") ? null : "isn't an IP address";
}

/** `host:port` of an instance. */
export function targetProblem(address: string): string | null {
  const problem = addressProblem(address);
  if (problem !== null) return problem;
  return /^[A-Za-z0-9._:[\]-]+$/.test(address) ? null : "has characters that no host name has";
}

/** The host of a `host:port`, without brackets. */
export function hostIn(address: string): string {
  return address.slice(0, address.lastIndexOf(":")).replace(/^\[|\]$/g, "");
}

/** `host:port` as configurations write it, IPv6 in brackets. */
export function targetText(address: string): string {
  const canonical = canonicalAddress(address);
  const colon = canonical.lastIndexOf(":");
  return hostAndPort(canonical.slice(0, colon), canonical.slice(colon + 1));
}

export function hostAndPort(host: string, port: number | string): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
