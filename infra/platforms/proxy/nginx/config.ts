/** The configuration of nginx as text: complete, or a file that an existing one includes. PURE. */

import { colorHeader, previewHeader } from "../../../headers.ts";
import type { Color } from "../../../model.ts";
import { colors } from "../../../model.ts";
import type { Rendering } from "../dialect.ts";
import { configHead, standIn } from "../head.ts";
import { hostAndPort, targetText } from "../safe-text.ts";
import type { RouterSpec } from "../spec.ts";
import { filesOf } from "../spec.ts";
import { ladder, stateNamePattern } from "../state.ts";
import { statusHost } from "../status.ts";

/** Idle connections that each worker keeps to a color. */
const keptConnections = 64;
const retryAfterSeconds = 1;
const adoptedTimeoutMs = 3_600_000;

export function nginxConfig(rendering: Rendering): string {
  const { spec } = rendering;
  const own = [
    ...choice(rendering),
    ...counting(spec),
    ...upstreams(rendering),
    ...servers(rendering),
  ];
  const lines = spec.mode === "managed" ? complete(spec, own) : [...own, ...handOver(spec)];
  return [...configHead(rendering), ...lines, ""].join("\n");
}

function complete(spec: RouterSpec, own: readonly string[]): string[] {
  const { pid, errorLog, temp } = filesOf(spec);
  const kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  return [
    ...(spec.user === null ? [] : [`user ${spec.user};`]),
    "worker_processes auto;",
    `worker_shutdown_timeout ${spec.drainMs + 1_000}ms;`,
    "worker_rlimit_nofile 16384;",
    `pid ${pid};`,
    `error_log ${errorLog} warn;`,
    "events {",
    "  worker_connections 8192;",
    "}",
    "http {",
    "  server_tokens off;",
    "  access_log off;",
    ...kinds.map((kind) => `  ${kind}_temp_path ${temp}/${kind};`),
    ...own.map((line) => `  ${line}`),
    "}",
  ];
}

/** What the existing configuration sends its requests to, under the name that it had before. */
function handOver(spec: RouterSpec): string[] {
  return block(`upstream ${spec.upstream}`, [
    `server ${hostAndPort(spec.host, spec.port)} max_fails=0;`,
    `keepalive ${keptConnections};`,
  ]);
}

/** The state's name is read once a request, from where the link leads; no cache is in between. */
function choice({ spec: { name, cookie }, attached }: Rendering): string[] {
  const [blue, green] = [standIn(attached, "blue"), standIn(attached, "green")];
  const v = `$bg_${name}`;
  const steps = ladder.filter((share) => share > 0 && share < 100);
  const header = `$http_${previewHeader.replaceAll("-", "_")}`;
  return [
    ...map("$realpath_root", `${v}_state`, [
      `default "";`,
      `"~/states/(?<bg_${name}_found>${stateNamePattern})[.]json$" ${v}_found;`,
    ]),
    ...map(`${v}_state`, `${v}_share`, [
      "default none;",
      `"~^(?<bg_${name}_number>[0-9]+)-" ${v}_number;`,
    ]),
    ...affinity(name, cookie),
    ...steps.map((share) => {
      return `split_clients "${v}_key" ${v}_split_${share} { ${share}% ${blue}; * ${green}; }`;
    }),
    ...map(`${v}_share`, `${v}_weighted`, [
      `default "";`,
      `0 ${green};`,
      ...steps.map((share) => `${share} ${v}_split_${share};`),
      `100 ${blue};`,
    ]),
    ...map(header, `${v}_color`, [
      "default refused;",
      `"" ${v}_weighted;`,
      "blue blue;",
      "green green;",
    ]),
    ...map("$http_upgrade", `${v}_connection`, ["default upgrade;", `"" "";`]),
    ...map("$http_host", `${v}_host`, ["default $http_host;", `"" $host;`]),
    ...map("$http_x_forwarded_host", `${v}_fwd_host`, [
      "default $http_x_forwarded_host;",
      `"" ${v}_host;`,
    ]),
    ...map("$http_x_forwarded_proto", `${v}_fwd_proto`, [
      "default $http_x_forwarded_proto;",
      `"" $scheme;`,
    ]),
  ];
}

/** What a request's place on the ladder comes from: its cookie, or chance. */
function affinity(name: string, cookie: string | null): string[] {
  const v = `$bg_${name}`;
  if (cookie === null) return map("$request_id", `${v}_key`, ["default $request_id;"]);
  const form = `"~^[0-9a-f]{32}$"`;
  const setting = `"${cookie}=$request_id; Path=/; HttpOnly; SameSite=Lax"`;
  return [
    ...map(`$cookie_${cookie}`, `${v}_key`, ["default $request_id;", `${form} $cookie_${cookie};`]),
    ...map(`$cookie_${cookie}`, `${v}_cookie`, [`default ${setting};`, `${form} "";`]),
  ];
}

/** One byte for each request, in a file per color and outcome: the files' sizes are counters. */
function counting({ name }: RouterSpec): string[] {
  const v = `$bg_${name}`;
  const header = `$http_${previewHeader.replaceAll("-", "_")}`;
  const outcomes = { done: "(?!499)[1-4]", failed: "5" };
  return [
    `log_format bg_${name}_tick '';`,
    ...colors.flatMap((color) =>
      Object.entries(outcomes).flatMap(([outcome, statuses]) =>
        map(`"${header}|${v}_color|$status"`, `${v}_${color}_${outcome}`, [
          "default 0;",
          `"~^[|]${color}[|]${statuses}" 1;`,
        ]),
      ),
    ),
  ];
}

function upstreams({ spec, attached }: Rendering): string[] {
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

function upstream(name: string, spec: RouterSpec, addresses: readonly string[]): string[] {
  return block(`upstream ${name}`, [
    `zone ${name} 128k;`,
    ...addresses.map((each) => `server ${targetText(each)} max_fails=1 fail_timeout=1s;`),
    `keepalive ${keptConnections};`,
    `keepalive_timeout ${spec.idleMs}ms;`,
  ]);
}

function servers({ spec, version }: Rendering): string[] {
  const v = `$bg_${spec.name}`;
  const { live } = filesOf(spec);
  const listen = `listen ${hostAndPort(spec.host, spec.port)}`;
  return [
    ...block("server", [
      `${listen} default_server backlog=1024;`,
      "server_name _;",
      `root ${live};`,
      "default_type text/plain;",
      ...accessLogs(spec),
      "client_max_body_size 0;",
      "client_body_buffer_size 64k;",
      "large_client_header_buffers 8 32k;",
      `if (${v}_color = refused) { return 400 "bluegreen: ${previewHeader} must be blue or green\\n"; }`,
      `if (${v}_backend = "") { return 503; }`,
      `error_page 503 @bg_${spec.name}_inactive;`,
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
      `root ${live};`,
      "access_log off;",
      "default_type text/plain;",
      `return 200 "bluegreen ${version} ${v}_state\\n";`,
    ]),
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
  const timeout = spec.mode === "managed" ? spec.timeoutMs : adoptedTimeoutMs;
  return [
    `proxy_pass http://${v}_backend;`,
    "proxy_http_version 1.1;",
    `proxy_set_header Host ${v}_host;`,
    `proxy_set_header Connection ${v}_connection;`,
    "proxy_set_header Upgrade $http_upgrade;",
    ...(spec.mode === "managed" ? forwarded(v) : transparent),
    "proxy_connect_timeout 5s;",
    `proxy_read_timeout ${timeout}ms;`,
    `proxy_send_timeout ${timeout}ms;`,
    "proxy_next_upstream error;",
    "proxy_redirect off;",
    `proxy_hide_header ${colorHeader};`,
    `add_header ${colorHeader} ${v}_color always;`,
    ...(spec.cookie === null ? [] : [`add_header Set-Cookie ${v}_cookie always;`]),
  ];
}

function forwarded(v: string): string[] {
  return [
    "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;",
    `proxy_set_header X-Forwarded-Host ${v}_fwd_host;`,
    `proxy_set_header X-Forwarded-Proto ${v}_fwd_proto;`,
  ];
}

const accelerations = ["Redirect", "Expires", "Limit-Rate", "Buffering", "Charset"];

/** The server's own configuration decides on headers, buffers and times; nothing is used up here. */
const transparent: readonly string[] = [
  "proxy_buffering off;",
  "proxy_buffer_size 64k;",
  "proxy_buffers 8 64k;",
  "proxy_busy_buffers_size 128k;",
  `proxy_ignore_headers ${accelerations.map((each) => `X-Accel-${each}`).join(" ")};`,
  ...accelerations.map((each) => `proxy_pass_header X-Accel-${each};`),
  "proxy_pass_header Server;",
  "proxy_pass_header Date;",
];

function map(source: string, variable: string, entries: readonly string[]): string[] {
  return block(`map ${source} ${variable}`, entries);
}

function block(head: string, lines: readonly string[]): string[] {
  return [`${head} {`, ...lines.map((line) => `  ${line}`), "}"];
}
