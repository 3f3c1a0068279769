/** Servers of a test's colors: a small Python application, and the scripts that put it there. */

import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Color, PerColor } from "../../../infra/model.ts";
import { perColor } from "../../../infra/model.ts";
import { freePorts } from "../../contract/proxy/bed.ts";
import { endProcesses } from "./processes.ts";
import type { Project } from "./project.ts";

const app = `import json, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
host, port, version, color = sys.argv[1:5]
class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def answer(self):
        self.rfile.read(int(self.headers.get("content-length") or 0))
        text = f"{color} {version}"
        if self.path == "/version": text = json.dumps({"version": version})
        body = text.encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    do_GET = answer
    do_POST = answer
    def log_message(self, *args): pass
class Server(ThreadingHTTPServer):
    request_queue_size = 100
Server((host, int(port)), Handler).serve_forever()
`;

/** HOST PORT VERSION COLOR: what a deploy script of a machine does, on this one. */
const install = `#!/bin/sh
set -eu
echo "$*" >> installed
if [ -f "mend-me" ] && [ "$2" = "$(cat mend-me)" ]; then
  echo "unpacking $3"; echo "disk is full" >&2; exit 9
fi
if [ -f "pid.$2" ]; then
  kill "$(cat "pid.$2")" 2>/dev/null || true
fi
python3 "$PWD/app.py" "$1" "$2" "$3" "$4" > "log.$2" 2>&1 &
echo $! > "pid.$2"
`;

const remove = `#!/bin/sh
set -eu
kill "$(cat "pid.$1")"
rm "pid.$1"
`;

export interface TestServers {
  readonly addresses: PerColor<readonly [string, string]>;
  /** The text of `proxy.colors`. */
  readonly colors: (options: { readonly removes: boolean }) => string;
  /** The line that an installation leaves. */
  readonly line: (color: Color, index: 0 | 1, version: string) => string;
  /** Each run of the script since the last look. */
  readonly installed: () => readonly string[];
  /** Makes installations on one server fail until it is mended. */
  readonly fail: (color: Color, index: 0 | 1) => void;
  readonly mend: () => void;
  /** Process ids of what runs. */
  readonly running: (color: Color) => readonly number[];
  readonly endOne: (color: Color, index: 0 | 1) => Promise<void>;
  readonly end: () => Promise<void>;
}

/** Two for each color, on free ports of this machine, with the scripts in the project's folder. */
export async function makeServers({ folder }: Project): Promise<TestServers> {
  writeFileSync(join(folder, "app.py"), app);
  writeFileSync(join(folder, "install.sh"), install, { mode: 0o755 });
  writeFileSync(join(folder, "remove.sh"), remove, { mode: 0o755 });
  const first = { blue: await freePorts(2), green: await freePorts(2) };
  const portOf = (color: Color, index: 0 | 1): number => first[color] + index;
  const pidFile = (color: Color, index: 0 | 1): string => {
    return join(folder, `pid.${portOf(color, index)}`);
  };
  const pidOf = (color: Color, index: 0 | 1): readonly number[] => {
    const file = pidFile(color, index);
    return existsSync(file) ? [Number(readFileSync(file, "utf8"))] : [];
  };
  const running = (color: Color) => [...pidOf(color, 0), ...pidOf(color, 1)];
  const list = (color: Color): string => `["${addresses[color].join('", "')}"]`;
  const addresses = perColor((color) => {
    return [`127.0.0.1:${portOf(color, 0)}`, `127.0.0.1:${portOf(color, 1)}`] as const;
  });
  return {
    addresses,
    colors: ({ removes }) => {
      const command = `["./install.sh", "{host}", "{port}", "{version}", "{color}"]`;
      const parts = [`blue: ${list("blue")}`, `green: ${list("green")}`, `install: ${command}`];
      if (removes) parts.push(`remove: ["./remove.sh", "{port}"]`);
      return `{ kind: servers, ${parts.join(", ")}, start: 10s }`;
    },
    line: (color, index, version) => `127.0.0.1 ${portOf(color, index)} ${version} ${color}`,
    installed: () => linesOf(join(folder, "installed")),
    fail: (color, index) => {
      writeFileSync(join(folder, "mend-me"), String(portOf(color, index)));
    },
    mend: () => {
      rmSync(join(folder, "mend-me"));
    },
    running,
    endOne: (color, index) => endProcesses(pidOf(color, index)),
    end: () => endProcesses([...running("blue"), ...running("green")]),
  };
}

function linesOf(file: string): readonly string[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").trim().split("\n");
  rmSync(file);
  return lines;
}
