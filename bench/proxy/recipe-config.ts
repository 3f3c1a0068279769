/** The usual configurations of nginx and HAProxy with one upstream, as people reload them. Pure. */

import type { Address } from "../../infra/model.ts";

export interface RecipeServer {
  readonly dir: string;
  readonly port: number;
  /** HAProxy: with `option idle-close-on-response`, which few people know. */
  readonly idleClose: boolean;
}

/** With kept connections on both sides and no access log: as quick as it gets. */
export function nginxRecipe({ dir, port }: RecipeServer, address: Address): string {
  const kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  return `daemon off;
worker_processes auto;
worker_rlimit_nofile 16384;
pid ${dir}/nginx.pid;
error_log ${dir}/error.log warn;
events {
  worker_connections 8192;
}
http {
  access_log off;
${kinds.map((kind) => `  ${kind}_temp_path ${dir}/${kind};`).join("\n")}
  map $http_upgrade $connection_upgrade {
    default upgrade;
    "" "";
  }
  upstream app {
    server ${address};
    keepalive 64;
  }
  server {
    listen 127.0.0.1:${port} backlog=1024;
    location / {
      proxy_pass http://app;
      proxy_http_version 1.1;
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
    }
  }
}
`;
}

/** Times as Debian's own configuration has them. */
export function haproxyRecipe({ port, idleClose }: RecipeServer, address: Address): string {
  return `defaults
  mode http
  timeout connect 5s
  timeout client 50s
  timeout server 50s
${idleClose ? "  option idle-close-on-response\n" : ""}frontend app
  bind 127.0.0.1:${port}
  option forwardfor
  default_backend app
backend app
  server app ${address}
`;
}
