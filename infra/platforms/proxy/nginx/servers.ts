/** The upstreams of both colors, and the two servers: for requests, and for nginx's own word. PURE. */

import { hostAndPort } from "../../../config/address.ts";
import { colorHeader, previewHeader } from "../../../headers.ts";
import type { Color } from "../../../model.ts";
import { colors } from "../../../model.ts";
import type { Rendering } from "../dialect.ts";
import { silenceMs } from "../head.ts";
import { targetText } from "../safe-text.ts";
import type { RouterSpec } from "../spec.ts";
import { filesOf } from "../spec.ts";
import { statusHost } from "../status.ts";
import { block, map } from "./blocks.ts";
import { isolation, isolationZones, transparent } from "./isolation.ts";

/** Idle connections that each worker keeps to a color. */
const keptConnections = 64;
const retryAfterSeconds = 1;
/** A first packet that was lost is sent again after 1 s; that may still succeed. */
const connectMs = 1_500;
/** After so long a request isn't given to another instance any more. */
const triesMs = 4_000;

export function upstreams({ spec, attached }: Rendering): string[] {
  const v = `$bg_${spec.name}`;
  const filled = colors.filter((color) => attached[color].length > 0);
  return [
    ...filled.flatMap((color) => upstream(`bg_${spec.name}_${color}`, spec, attached[color])),
    ...map(`${v}_color`, `${v}_backend`, [
      `default "";`,
      ...filled.map((color) => `${color} bg_${spec.name}_${color};`),
    ]),
  ];
}

/**
 * No instance is ever set aside: nginx counts a slow reply as a failure of its instance, so a few
 * requests to one slow path would take all instances out for everybody.
 */
function upstream(name: string, spec: RouterSpec, addresses: readonly string[]): string[] {
  return block(`upstream ${name}`, [
    `zone ${name} 128k;`,
    ...addresses.map((each) => `server ${targetText(each)} max_fails=0;`),
    `keepalive ${keptConnections};`,
    `keepalive_timeout ${spec.idleMs}ms;`,
  ]);
}

export function servers({ spec, version }: Rendering): string[] {
  const v = `$bg_${spec.name}`;
  const listen = `listen ${hostAndPort(spec.host, spec.port)}`;
  // Both families, as everywhere else.
  const both = spec.host === "::" ? " ipv6only=off" : "";
  return [
    ...(spec.mode === "managed" ? [] : isolationZones(spec)),
    ...block("server", [
      `${listen} default_server backlog=1024${both};`,
      ...requests(spec),
      ...block("location /", proxying(spec)),
      ...block(`location @bg_${spec.name}_inactive`, [
        "internal;",
        `add_header Retry-After ${retryAfterSeconds} always;`,
        "add_header Cache-Control no-store always;",
        `return 503 "bluegreen: no color is active\\n";`,
      ]),
    ]),
    ...block("server", [
      `${listen};`,
      `server_name ${statusHost(spec.name)};`,
      `root ${filesOf(spec).live};`,
      "access_log off;",
      "default_type text/plain;",
      `return 200 "bluegreen ${version} ${v}_state\\n";`,
    ]),
  ];
}

function requests(spec: RouterSpec): string[] {
  const v = `$bg_${spec.name}`;
  return [
    "server_name _;",
    `root ${filesOf(spec).live};`,
    "default_type text/plain;",
    ...accessLogs(spec),
    "client_max_body_size 0;",
    "client_body_buffer_size 64k;",
    "large_client_header_buffers 8 32k;",
    ...(spec.mode === "managed" ? [] : isolation(spec)),
    `if (${v}_color = refused) { return 400 "bluegreen: ${previewHeader} must be blue or green\\n"; }`,
    `if (${v}_backend = "") { return 503; }`,
    `error_page 503 @bg_${spec.name}_inactive;`,
  ];
}

function accessLogs(spec: RouterSpec): string[] {
  const format = `bg_${spec.name}_tick`;
  const line = (color: Color, outcome: string): string => {
    const file = `${filesOf(spec).counts}/${color}.${outcome}`;
    return `access_log ${file} ${format} if=$bg_${spec.name}_${color}_${outcome};`;
  };
  return colors.flatMap((color) => [line(color, "done"), line(color, "failed")]);
}

function proxying(spec: RouterSpec): string[] {
  const v = `$bg_${spec.name}`;
  return [
    `proxy_pass http://${v}_backend;`,
    "proxy_http_version 1.1;",
    `proxy_set_header Host ${v}_host;`,
    `proxy_set_header Connection ${v}_connection;`,
    "proxy_set_header Upgrade $http_upgrade;",
    // What an instance sends goes on at once: an event stream would wait for a full buffer.
    "proxy_buffering off;",
    ...buffers,
    ...(spec.mode === "managed" ? forwarded(v) : transparent),
    ...times(spec),
    "proxy_redirect off;",
    `proxy_hide_header ${colorHeader};`,
    `add_header ${colorHeader} ${v}_color always;`,
    ...(spec.cookie === null ? [] : [`add_header Set-Cookie ${v}_cookie always;`]),
  ];
}

/** The first is the room for all headers of a reply; the others follow from it. */
const buffers: readonly string[] = [
  "proxy_buffer_size 64k;",
  "proxy_buffers 8 16k;",
  "proxy_busy_buffers_size 64k;",
];

/**
 * An instance that can't be connected to gives way to the next, whatever the request. One that is
 * silent doesn't: by then the time for tries is over, so no request is carried out twice.
 */
function times(spec: RouterSpec): string[] {
  const silence = silenceMs(spec);
  return [
    `proxy_connect_timeout ${Math.min(connectMs, Math.ceil(silence / 2))}ms;`,
    `proxy_read_timeout ${silence}ms;`,
    `proxy_send_timeout ${silence}ms;`,
    "proxy_next_upstream error timeout;",
    `proxy_next_upstream_timeout ${Math.min(triesMs, silence)}ms;`,
  ];
}

function forwarded(v: string): string[] {
  return [
    "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;",
    `proxy_set_header X-Forwarded-Host ${v}_fwd_host;`,
    `proxy_set_header X-Forwarded-Proto ${v}_fwd_proto;`,
  ];
}
