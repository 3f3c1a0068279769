/** Rules between the settings of the platform `proxy`. PURE. */

import type { z } from "zod";

import { canonicalAddress, hostAndPort, loopback } from "../../config/address.ts";
import { refuse } from "../../config/refusal.ts";
import { targetProblem } from "./safe-text.ts";

interface Place {
  readonly mode: string;
  readonly host: string;
  readonly port: number;
  readonly dir: string | null;
  readonly url: string | null;
  readonly ssh: { readonly host: string } | null;
}

type Colors =
  | { readonly kind: "process"; readonly instances: number; readonly ports: Ports }
  | {
      readonly kind: "servers";
      readonly blue: readonly string[];
      readonly green: readonly string[];
    };

interface Ports {
  readonly blue: number;
  readonly green: number;
}

export function remoteNeedsDir({ ssh, dir }: Place, context: z.RefinementCtx): void {
  if (ssh === null || dir !== null) return;
  refuse(context, {
    path: ["dir"],
    problem: "isn't set, though the router is on another machine",
    fix: `write an absolute path there, such as "/var/lib/bluegreen/shop"`,
  });
}

/** A switch is proven through the public address, from here. */
export function remoteNeedsUrl({ ssh, url, host }: Place, context: z.RefinementCtx): void {
  if (ssh === null || url !== null || loopback.includes(ssh.host)) return;
  if (!loopback.includes(host)) return;
  refuse(context, {
    path: ["host"],
    problem: "is loopback on another machine, where nobody from here can ask",
    fix: "let it listen on an address of that machine, or write its public address into proxy.url",
  });
}

export function portsExist(
  { colors }: { readonly colors: Colors },
  context: z.RefinementCtx,
): void {
  if (colors.kind !== "process") return;
  const { ports, instances } = colors;
  for (const color of ["blue", "green"] as const) {
    if (ports[color] + instances - 1 <= 65_535) continue;
    refuse(context, {
      path: ["colors", "ports", color],
      problem: `leaves no ports for ${instances} instances`,
      fix: `write at most ${65_536 - instances}`,
    });
  }
}

export function adoptedNeedsUrl({ mode, url }: Place, context: z.RefinementCtx): void {
  if (mode !== "adopted" || url !== null) return;
  refuse(context, {
    path: ["url"],
    problem: "isn't set, though your own server has the public address",
    fix: `write that address, such as "https://shop.example.com"`,
  });
}

/** A color's address is never the other's, and never the router's own. */
export function colorsDontMeet(
  { colors, host, port }: Place & { readonly colors: Colors },
  context: z.RefinementCtx,
): void {
  const [blue, green] = addressesOf(colors);
  const key = colors.kind === "process" ? "ports" : "green";
  const shared = green.find((each) => blue.includes(each));
  if (shared !== undefined) {
    refuse(context, {
      path: ["colors", key],
      problem: `has ${shared} for both colors`,
      fix: "give each color instances of its own",
    });
  }
  const own = canonicalAddress(hostAndPort(host, port));
  if (![...blue, ...green].includes(own)) return;
  refuse(context, {
    path: ["colors"],
    problem: `have the router's own address ${own}`,
    fix: "give the router another port",
  });
}

function addressesOf(colors: Colors): [readonly string[], readonly string[]] {
  if (colors.kind === "servers") return [canonical(colors.blue), canonical(colors.green)];
  const { ports, instances } = colors;
  const from = (first: number): string[] =>
    Array.from({ length: instances }, (_, index) => `127.0.0.1:${first + index}`);
  return [from(ports.blue), from(ports.green)];
}

/** Those with a problem of their own are told elsewhere. */
function canonical(addresses: readonly string[]): string[] {
  return addresses.filter((each) => targetProblem(each) === null).map(canonicalAddress);
}
