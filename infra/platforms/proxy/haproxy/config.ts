/** The configuration of HAProxy as text: complete, or a further file of an existing one. PURE. */

import { hostAndPort } from "../../../config/address.ts";
import { colorHeader, previewHeader } from "../../../headers.ts";
import type { Color } from "../../../model.ts";
import { colors } from "../../../model.ts";
import type { Attached, Rendering } from "../dialect.ts";
import { configHead, silenceMs, standIn } from "../head.ts";
import { targetText } from "../safe-text.ts";
import type { RouterSpec } from "../spec.ts";
import { filesOf } from "../spec.ts";
import { statusHost } from "../status.ts";
import { countedBackend, countedFrontend, countedRing } from "./counted.ts";

const retryAfterSeconds = 1;
/** The least that HAProxy's timer is bothered with, in milliseconds. */
const purgeMs = 10;
const plainText = `content-type "text/plain; charset=utf-8"`;

export function haproxyConfig(rendering: Rendering): string {
  const { spec } = rendering;
  const lines = [
    ...(spec.mode === "managed" ? global(spec) : []),
    ...defaults(spec),
    ...countedRing(nameOf(spec)),
    ...frontend(rendering),
    ...section(`backend ${nameOf(spec)}_inactive from ${nameOf(spec)}`, [
      `http-request return status 503 ${plainText} string "bluegreen: no color is active\\n" hdr retry-after ${retryAfterSeconds} hdr cache-control no-store`,
    ]),
    ...next(spec),
    ...colors.flatMap((color) => backends(rendering, color)),
    ...(spec.mode === "managed" ? [] : handOver(spec)),
  ];
  return [...configHead(rendering), ...lines, ""].join("\n");
}

/** Name of a color's backend; previews have one of their own, so that they aren't counted. */
export function backendName(spec: Pick<RouterSpec, "name">, color: Color): string {
  return `${nameOf(spec)}_${color}`;
}

export function previewBackendName(spec: Pick<RouterSpec, "name">, color: Color): string {
  return `${backendName(spec, color)}_preview`;
}

/** Name of a color's instance, by its place in the list. */
export function serverName(index: number): string {
  return `s${index + 1}`;
}

function nameOf({ name }: Pick<RouterSpec, "name">): string {
  return `bg_${name}`;
}

function global(spec: RouterSpec): string[] {
  return section("global", [
    `stats socket ${filesOf(spec).socket} mode 600 level admin expose-fd listeners`,
    `hard-stop-after ${spec.drainMs + 1_000}ms`,
    // Without its group the workers would keep root's.
    ...(spec.user === null ? [] : [`user ${spec.user}`, `group ${spec.user}`]),
  ]);
}

/** Under a name and always by name, so that nobody else's sections become other ones by it. */
function defaults(spec: RouterSpec): string[] {
  const timeout = silenceMs(spec);
  return section(`defaults ${nameOf(spec)}`, [
    "mode http",
    "timeout connect 1s",
    `timeout client ${timeout}ms`,
    `timeout server ${timeout}ms`,
    "timeout http-request 30s",
    "timeout http-keep-alive 75s",
    "timeout tunnel 1h",
    "option idle-close-on-response",
    // A client that leaves ends its request at once, so that it counts then.
    "option abortonclose",
    "option redispatch 1",
    "retries 3",
    "retry-on conn-failure",
    "http-reuse safe",
  ]);
}

function frontend({ spec, attached, version }: Rendering): string[] {
  const name = nameOf(spec);
  const preview = `req.hdr(${previewHeader})`;
  return section(`frontend ${name} from ${name}`, [
    `bind ${hostAndPort(spec.host, spec.port)}`,
    ...(spec.mode === "managed" ? [nextBind(spec)] : []),
    ...countedFrontend(name),
    `http-request set-var(txn.bg_former) bool(true) if { stopping } { srv_is_up(${name}_next/next) }`,
    `http-request allow if ${isFormer}`,
    `http-request set-var(txn.bg_state) str(live),map(${filesOf(spec).map},none)`,
    "http-request set-var(txn.bg_share) var(txn.bg_state),field(1,-)",
    `http-request return status 200 content-type text/plain lf-string "bluegreen ${version} %[var(txn.bg_state)]\\n" if { req.hdr(host) -i ${statusHost(spec.name)} }`,
    `http-request return status 400 ${plainText} string "bluegreen: ${previewHeader} must be blue or green\\n" if { ${preview} -m found } !{ ${preview} -m str blue green }`,
    ...affinity(spec),
    ...(spec.mode === "managed" ? forwarded : []),
    `use_backend ${name}_next if ${isFormer}`,
    ...colors.map((color) => {
      const to = attached[color].length > 0 ? previewBackendName(spec, color) : inactive(spec);
      return `use_backend ${to} if { ${preview} -m str ${color} }`;
    }),
    `use_backend ${inactive(spec)} unless { var(txn.bg_share) -m reg ^[0-9]+$ }`,
    `use_backend ${weighted(spec, attached, "blue")} if { var(txn.bg_dice),sub(txn.bg_share) lt 0 }`,
    `default_backend ${weighted(spec, attached, "green")}`,
  ]);
}

function inactive(spec: RouterSpec): string {
  return `${nameOf(spec)}_inactive`;
}

function weighted(spec: RouterSpec, attached: Attached, color: Color): string {
  const to = standIn(attached, color);
  return attached[to].length > 0 ? backendName(spec, to) : inactive(spec);
}

/** A number from 0 to 99 is a request's place: chance, or what its cookie says. */
function affinity({ cookie }: RouterSpec): string[] {
  const chance = "http-request set-var(txn.bg_dice) rand(100)";
  if (cookie === null) return [chance];
  const known = `{ req.cook(${cookie}) -m reg ^[0-9]{1,2}$ }`;
  return [
    `${chance} unless ${known}`,
    `http-request set-var(txn.bg_dice) req.cook(${cookie}) if ${known}`,
    // At 0 and 100 % a cookie would decide nothing, and hinder caches.
    `http-request set-var(txn.bg_new) bool(true) if { var(txn.bg_share) -m reg ^[1-9][0-9]?$ } !${known}`,
    `http-request set-var(txn.bg_secure) str("; Secure") if { req.hdr(x-forwarded-proto) -m beg -i https }`,
    `http-after-response add-header set-cookie "${cookie}=%[var(txn.bg_dice)]; Path=/; HttpOnly; SameSite=Lax%[var(txn.bg_secure)]" if { var(txn.bg_new) -m bool }`,
  ];
}

const forwarded: readonly string[] = [
  "http-request add-header x-forwarded-for %[src]",
  "http-request set-header x-forwarded-host %[req.hdr(host)] unless { req.hdr(x-forwarded-host) -m found }",
  "http-request set-header x-forwarded-proto http unless { req.hdr(x-forwarded-proto) -m found }",
];

const isFormer = "{ var(txn.bg_former) -m bool }";

/**
 * A worker from before a reload knows neither the flips nor the addresses that came after it. So it
 * decides nothing: what comes on the connections that clients still have to it goes to the worker
 * of now. Unless that one can't be reached, which a check tells while there is time, or there is
 * none, as when HAProxy ends: the first request that meets nobody tells.
 */
function next(spec: RouterSpec): string[] {
  const to =
    spec.mode === "managed"
      ? `unix@${filesOf(spec).nextSocket} send-proxy-v2`
      : hostAndPort(spec.host, spec.port);
  return section(`backend ${nameOf(spec)}_next from ${nameOf(spec)}`, [
    "http-reuse never",
    "retries 1",
    `server next ${to} check inter 10s fall 1 rise 1 observe layer4 error-limit 1 on-error mark-down`,
  ]);
}

/** Tells the clients' addresses, so only workers may connect to it. */
function nextBind(spec: RouterSpec): string {
  const owner = spec.user === null ? "" : ` user ${spec.user} group ${spec.user}`;
  return `bind unix@${filesOf(spec).nextSocket} accept-proxy${owner} mode 600`;
}

/**
 * Each time HAProxy closes half of what is idle beyond need. So with 16 times none of up to some
 * thousand connections is idle for longer.
 */
function purgeDelay({ idleMs }: RouterSpec): string {
  return `${Math.max(purgeMs, Math.floor(idleMs / 16))}ms`;
}

function backends({ spec, attached }: Rendering, color: Color): string[] {
  return [backendName(spec, color), previewBackendName(spec, color)].flatMap((each) =>
    section(`backend ${each} from ${nameOf(spec)}`, [
      `http-after-response set-header ${colorHeader} ${color}`,
      ...(each === backendName(spec, color) ? countedBackend : []),
      "load-server-state-from-file local",
      `server-state-file-name ${filesOf(spec).servers}`,
      ...attached[color].map((address, index) => {
        return `server ${serverName(index)} ${targetText(address)} pool-purge-delay ${purgeDelay(spec)}`;
      }),
    ]),
  );
}

/** What the existing configuration sends its requests to, under the name that it had before. */
function handOver(spec: RouterSpec): string[] {
  return section(`backend ${spec.upstream} from ${nameOf(spec)}`, [
    `server bluegreen ${hostAndPort(spec.host, spec.port)}`,
  ]);
}

function section(head: string, lines: readonly string[]): string[] {
  return [head, ...lines.map((line) => `  ${line}`)];
}
