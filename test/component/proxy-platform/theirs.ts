/** Servers that serve already, with one upstream of their own, for the tests of adoption. */

import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import type { DialectName, RouterSpec } from "../../../infra/platforms/proxy/spec.ts";
import { filesOf } from "../../../infra/platforms/proxy/spec.ts";
import type { TestInstance } from "./support.ts";
import { findProgram, freePort, kill, onEnd, openFolder, specOf } from "./support.ts";

/** Somebody's server: its own configuration in its own folder, and a public port. */
export interface Theirs {
  readonly spec: RouterSpec;
  readonly port: number;
  readonly config: string;
  /** A further file of theirs that is read with the rest. */
  readonly other: string;
  /** Replaces their upstream by our file, as the steps say. */
  readonly include: () => void;
  /** At once. */
  readonly end: () => void;
}

/** `words`: further ones of HAProxy's command line, with `SOCKET` for a path of theirs. */
export async function startTheirs(
  dialect: DialectName,
  blue: TestInstance,
  words: readonly string[] = [],
): Promise<Theirs> {
  const folder = openFolder();
  const port = await freePort();
  const at = { folder, port, blue: blue.address, program: findProgram(dialect) ?? dialect, words };
  return dialect === "nginx" ? startNginx(at) : startHaproxy(at);
}

interface At {
  readonly folder: string;
  readonly port: number;
  readonly blue: string;
  readonly program: string;
  readonly words: readonly string[];
}

async function startNginx({ folder, port, blue, program }: At): Promise<Theirs> {
  const [config, other] = [join(folder, "nginx.conf"), join(folder, "other.conf")];
  const argv = [program, "-c", config, "-p", folder];
  const dir = join(folder, "bluegreen");
  const spec = await specOf("nginx", {
    ...{ mode: "adopted", dir, check: [...argv, "-t", "-q"], reload: [...argv, "-s", "reload"] },
  });
  const upstream = `upstream shop { server ${blue}; }`;
  const text = `pid ${folder}/pid; error_log ${folder}/error.log; worker_processes 4; events { }
    http { access_log ${folder}/access.log; include ${other}; UPSTREAM
    server { listen 127.0.0.1:${port}; add_header x-theirs 1;
      location / { proxy_pass http://shop; proxy_set_header Host $host;
        proxy_http_version 1.1; proxy_set_header Connection ""; } } }`;
  writeFileSync(other, "# nothing\n");
  writeFileSync(config, text.replace("UPSTREAM", upstream));
  const end = start(argv, join(folder, "pid"));
  const include = (): void => {
    writeFileSync(config, text.replace("UPSTREAM", `include ${filesOf(spec).config};`));
  };
  return { spec, port, config, other, include, end };
}

async function startHaproxy({ folder, port, blue, program, words }: At): Promise<Theirs> {
  const [config, other] = [join(folder, "haproxy.cfg"), join(folder, "other.cfg")];
  const dir = join(folder, "bluegreen");
  const [socket, pid] = [join(folder, "admin.sock"), join(folder, "pid")];
  const ours = `${dir}/bluegreen.cfg`;
  const files = join(folder, "files");
  const text = `global
  stats socket ${socket} level admin expose-fd listeners
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
  option idle-close-on-response
frontend theirs
  bind 127.0.0.1:${port}
  http-response set-header x-theirs 1
  default_backend shop
`;
  const backend = `backend shop\n  server one ${blue}\n`;
  writeFileSync(config, text + backend);
  writeFileSync(other, "# nothing\n");
  // A folder of links stands for the command line, which a reload can't change.
  execFileSync("mkdir", [files]);
  execFileSync("ln", ["-s", config, join(files, "1.cfg")]);
  execFileSync("ln", ["-s", other, join(files, "2.cfg")]);
  const argv = [program, "-f", files];
  const reload = ["sh", "-c", `kill -USR2 "$(cat "$1")"`, "sh", pid];
  const change = { mode: "adopted", dir, socket, check: [...argv, "-c"], reload } as const;
  const spec = await specOf("haproxy", change);
  const more = words.map((word) => word.replace("SOCKET", join(folder, "master.sock")));
  const end = start([...argv, "-W", "-D", ...more, "-p", pid], pid);
  const include = (): void => {
    writeFileSync(config, text);
    execFileSync("ln", ["-s", ours, join(files, "3.cfg")]);
  };
  return { spec, port, config, other, include, end };
}

/** Returns what ends it. */
function start(argv: readonly string[], pidFile: string): () => void {
  const [program = "", ...words] = argv;
  const { status, stderr } = spawnSync(program, words, { encoding: "utf8", timeout: 10_000 });
  expect(status, stderr).toBe(0);
  const end = (): void => {
    const pid = Number(readFileSync(pidFile, "utf8"));
    const children = spawnSync("pgrep", ["-P", String(pid)], { encoding: "utf8" }).stdout;
    for (const each of [pid, ...children.trim().split("\n").map(Number)]) {
      if (each > 1) kill(each, "SIGKILL");
    }
  };
  onEnd(end);
  return end;
}
