/** What HAProxy's own counters don't tell, counted in tables: errors by how long was waited. PURE. */

import { patienceMs } from "../../../patience.ts";
import type { Row } from "./stats.ts";
import { numberIn } from "./stats.ts";

/** Timers may be early by so much, by the clock that tells the time of day. */
const earlyMs = 10;
/** Lines of which nothing is kept: the least that HAProxy takes. */
const ringBytes = 16_384;
/** HAProxy doesn't tell whether a body has all come; one of this size has, where anybody waits. */
const smallBytes = 16_384;
/** By which a backend's table is found again in what was counted; each has one entry. */
const entry = 1;

/** Rules that HAProxy 2.6 has; an older one counts by its own counters alone. */
function where(lines: readonly string[]): string[] {
  return [".if version_atleast(2.6)", ...lines, ".endif"];
}

export function countedRing(name: string): string[] {
  return where([`ring ${name}_late`, "  format raw", `  size ${ringBytes}`]);
}

/**
 * Writing a request's line counts it. Only those get one that ended late and without a reply of an
 * instance; nobody needs what it says.
 */
export function countedFrontend(name: string): string[] {
  return where([
    `log ring@${name}_late format raw local0`,
    `log-format "%[sc0_inc_gpc0] %b %Ta"`,
    "http-request set-log-level silent",
  ]);
}

/**
 * gpc0: requests whose wait for a reply's head was long and in vain, whether the client gave up or
 * HAProxy did. gpc1: all other replies from 500 on. A response is inspected as soon as there is
 * one, else when the delay is over; a client that leaves ends the delay as well.
 */
export const countedBackend: readonly string[] = where([
  "stick-table type integer size 1 store gpc0,gpc1",
  `http-request track-sc0 int(${entry})`,
  `http-request set-var(txn.bg_began) date(0,ms) if { req.body_size le ${smallBytes} } !{ req.hdr(transfer-encoding) -m found }`,
  `tcp-response inspect-delay ${patienceMs}ms`,
  "tcp-response content accept if { status ge 100 }",
  `tcp-response content set-var(txn.bg_late) bool(true) if WAIT_END { date(0,ms),sub(txn.bg_began) ge ${patienceMs - earlyMs} }`,
  "tcp-response content set-log-level info if { var(txn.bg_late) -m bool }",
  "http-response set-log-level silent",
  "http-response unset-var(txn.bg_late)",
  "http-after-response set-var(txn.bg_failed) sc0_inc_gpc1 if { status ge 500 } !{ var(txn.bg_late) -m bool }",
]);

export function countedCommand(backends: readonly string[]): string {
  return backends.map((each) => `show table ${each}`).join(";");
}

/** Errors of a backend but for replies that broke off; none where HAProxy has no such table. */
export function countedIn(reply: string, backend: string): number {
  const [, below = ""] = reply.split(`# table: ${backend},`);
  const [own = ""] = below.split("# table: ");
  return ["gpc0", "gpc1"].reduce((sum, name) => {
    return sum + Number(new RegExp(`\\b${name}=(\\d+)`).exec(own)?.[1] ?? 0);
  }, 0);
}

/**
 * Of a backend's row and its table. A client that ends a download isn't in it; a reply from 500 on
 * that breaks off is there twice, and a request has one error at most.
 */
export function errorsIn(row: Row | undefined, counted: number): number {
  const failed = Math.max(numberIn(row, "hrsp_5xx"), counted);
  return Math.min(failed + numberIn(row, "srv_abrt"), numberIn(row, "req_tot"));
}
