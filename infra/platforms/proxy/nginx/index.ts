/** nginx as a dialect: a flip is a link that is replaced; nothing is told to the server. */

import type { Dialect } from "../dialect.ts";
import type { Complaint } from "../refusal.ts";
import { portInUse, refusal } from "../refusal.ts";
import { colors } from "../../../model.ts";
import { filesOf } from "../spec.ts";
import { nginxConfig } from "./config.ts";
import { countFiles, nginxTraffic } from "./counters.ts";

export const nginx: Dialect = {
  render: nginxConfig,
  checkArgv: (spec, file = filesOf(spec).config) =>
    spec.mode === "managed"
      ? [spec.program, "-t", "-q", "-c", file, "-p", spec.dir]
      : (spec.check ?? [spec.program, "-t", "-q"]),
  startArgv: (spec) => [spec.program, "-c", filesOf(spec).config, "-p", spec.dir],
  allowStart: () => Promise.resolve(),
  signals: { reload: "HUP", quit: "QUIT", stop: "TERM" },
  explain(spec, output) {
    if (/bind\(\) to .* failed .*in use/.test(output)) return portInUse(spec);
    return refusal(spec, complaintIn(output), output);
  },
  async prepare(host, spec) {
    await host.create(`${filesOf(spec).temp}/.keep`, "");
    for (const file of colors.flatMap((color) => countFiles(spec, color))) {
      await host.create(file, "");
    }
  },
  async pointer(host, spec) {
    const target = await host.readLink(filesOf(spec).live);
    return /\/([^/]+)\.json$/.exec(target ?? "")?.[1] ?? null;
  },
  point: (host, spec, { name }) =>
    host.link(filesOf(spec).live, `${filesOf(spec).states}/${name}.json`),
  traffic: nginxTraffic,
};

/** `nginx: [emerg] unknown directive "x" in /etc/nginx/conf.d/y.conf:3`. */
function complaintIn(output: string): Complaint | null {
  const said = /\[(?:emerg|alert|crit|error)\] (?:\d+#\d+: )?(.+)/.exec(output)?.[1];
  if (said === undefined) return null;
  const placed = /^(.*) in (\S+):(\d+)$/.exec(said);
  if (!placed) return { text: said, file: null, line: null };
  return { text: placed[1] ?? said, file: placed[2] ?? null, line: placed[3] ?? null };
}
