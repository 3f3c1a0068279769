/** What may stand in a generated configuration: every text is judged here, and only here. PURE. */

import { isIP } from "node:net";

import { addressProblem, canonicalAddress, hostAndPort, isHostName } from "../../config/address.ts";

/**
 * Part of identifiers in a configuration: no "_", so that two names never make the same one; short,
 * as regular expressions name their groups with 32 characters at most.
 */
export function nameProblem(name: string): string | null {
  if (!/^[a-z]/.test(name)) return "doesn't begin with a small letter";
  if (name.length > 20) return "is longer than 20 characters";
  return /^[a-z0-9]*$/.test(name) ? null : "has characters besides small letters and digits";
}

/** Name of an upstream (nginx) or backend (HAProxy) in somebody's own configuration. */
export function sectionProblem(name: string): string | null {
  if (/^bg_/.test(name)) return `begins with "bg_", which is for names of our own`;
  if (!/^[A-Za-z]/.test(name)) return "doesn't begin with a letter";
  if (name.length > 64) return "is longer than 64 characters";
  return /^[A-Za-z0-9_-]*$/.test(name) ? null : "has characters besides letters, digits, - and _";
}

/** A cookie's name: one that nginx can have as a variable, too. */
export function cookieProblem(name: string): string | null {
  if (!/^[a-z]/.test(name)) return "doesn't begin with a small letter";
  if (name.length > 40) return "is longer than 40 characters";
  return /^[a-z0-9_]*$/.test(name) ? null : "has characters besides small letters, digits and _";
}

/** An account of the router's host. */
export function userProblem(name: string): string | null {
  if (!/^[a-z_]/.test(name)) return "doesn't begin with a small letter";
  if (name.length > 32) return "is longer than 32 characters";
  return /^[a-z0-9_-]*$/.test(name)
    ? null
    : "has characters besides small letters, digits, - and _";
}

/** An absolute path without anything that a shell, a configuration or OpenSSH would read as more. */
export function safePathProblem(path: string): string | null {
  if (!path.startsWith("/")) return `doesn't begin with "/"`;
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
  if (program.includes("/")) return "is a relative path";
  return /^[A-Za-z0-9][A-Za-z0-9._+-]{0,99}$/.test(program)
    ? null
    : "has a form that no program's name has";
}

/** An IP address to listen on. */
export function listenProblem(host: string): string | null {
  if (host.includes("%")) return "names a zone of this machine's";
  if (isIP(host) !== 0) return null;
  return isHostName(host) ? "is a name" : "doesn't have the right form";
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
