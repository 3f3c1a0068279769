/** What keeps an adopted nginx's own `http { }` from being applied a second time, by us. PURE. */

import type { RouterSpec } from "../spec.ts";
import { map } from "./blocks.ts";

/** Zones for an empty key: such requests aren't counted. */
export function isolationZones({ name }: RouterSpec): string[] {
  const key = `$bg_${name}_nobody`;
  return [
    ...map("$host", key, [`default "";`]),
    `limit_req_zone ${key} zone=bg_${name}_req:32k rate=1r/s;`,
    `limit_conn_zone ${key} zone=bg_${name}_conn:32k;`,
  ];
}

/**
 * To our server every client has the address of the machine itself, so limits and rights by
 * address, which the server in front has judged already, would hit all clients as one.
 */
export function isolation({ name }: RouterSpec): string[] {
  return [
    `limit_req zone=bg_${name}_req;`,
    `limit_conn bg_${name}_conn 1;`,
    "limit_rate 0;",
    "allow all;",
    "auth_basic off;",
    "underscores_in_headers on;",
    "ignore_invalid_headers off;",
    // A worker that a reload ends closes what is idle, maybe under a POST: so nothing ever is.
    "keepalive_timeout 0;",
    "gzip off;",
    "ssi off;",
    "charset off;",
    "expires off;",
  ];
}

const accelerations = ["Redirect", "Expires", "Limit-Rate", "Buffering", "Charset"];

/** The server's own configuration decides on headers, buffers and times; nothing is used up here. */
export const transparent: readonly string[] = [
  "proxy_temp_file_write_size 128k;",
  "proxy_intercept_errors off;",
  "proxy_cache off;",
  "proxy_store off;",
  "proxy_cookie_domain off;",
  "proxy_cookie_path off;",
  `proxy_ignore_headers ${accelerations.map((each) => `X-Accel-${each}`).join(" ")};`,
  ...accelerations.map((each) => `proxy_pass_header X-Accel-${each};`),
  "proxy_pass_header Server;",
  "proxy_pass_header Date;",
];
