/** Gets the Pulumi engine by its official installer: the usual way where there is a network. */
import { fileURLToPath } from "node:url";
import { runCommand } from "./command.ts";
import { downloadEnvironment } from "./download-environment.ts";
import { formatElapsed, withProgress } from "./way.ts";
import type { EngineWay } from "./way.ts";

export interface InstallerOptions {
  /** Program and first arguments; the folder is added. Default: the official one. */
  readonly command?: readonly [string, ...string[]];
  /** Default: 4 minutes, enough for 150 MB over 5 Mbit/s. Without a network it ends in seconds. */
  readonly limitMs?: number;
}

const script = fileURLToPath(new URL("official-install.ts", import.meta.url));

/** Without it, Node's own `fetch` would ignore HTTPS_PROXY. */
const throughProxy = { NODE_USE_ENV_PROXY: "1" };

export function officialInstaller(options: InstallerOptions = {}): EngineWay {
  const { command: [file, ...first] = [process.execPath, script], limitMs = 240_000 } = options;
  return {
    source: "installer",
    name: "the official installer",
    async fetch(folder, { env, progress, signal }) {
      const begin = { phase: "install", detail: "running the official installer" } as const;
      const args = [...first, folder];
      const result = await withProgress(progress, begin, () =>
        runCommand(file, args, {
          env: { ...downloadEnvironment(env), ...throughProxy },
          limitMs,
          signal,
        }),
      );
      if (result.code === 0) return null;
      if (result.timedOut) return `it took longer than ${formatElapsed(limitMs)}`;
      return result.lines.at(-1) ?? "it failed without a message";
    },
  };
}
