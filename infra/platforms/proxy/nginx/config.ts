/** The configuration of nginx as text: complete, or a file that an existing one includes. PURE. */

import { hostAndPort } from "../../../config/address.ts";
import type { Rendering } from "../dialect.ts";
import { configHead } from "../head.ts";
import type { RouterSpec } from "../spec.ts";
import { filesOf } from "../spec.ts";
import { block } from "./blocks.ts";
import { servers, upstreams } from "./servers.ts";
import { variables } from "./variables.ts";

export function nginxConfig(rendering: Rendering): string {
  const { spec } = rendering;
  const own = [...variables(rendering), ...upstreams(rendering), ...servers(rendering)];
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
    ...block("events", ["worker_connections 8192;"]),
    ...block("http", [
      "server_tokens off;",
      "access_log off;",
      ...kinds.map((kind) => `${kind}_temp_path ${temp}/${kind};`),
      ...own,
    ]),
  ];
}

/** What the existing configuration sends its requests to, under the name that it had before. */
function handOver(spec: RouterSpec): string[] {
  return block(`upstream ${spec.upstream}`, [
    `server ${hostAndPort(spec.host, spec.port)} max_fails=0;`,
  ]);
}
