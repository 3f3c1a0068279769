/** What every platform has, each in a place of its own in the settings: for rules about all. */

import type { Path } from "./path.ts";
import type { Settings } from "./settings.ts";
import type { PlatformName } from "./shape.ts";

interface PlatformPaths {
  /** How long a color may take to start. */
  readonly start: readonly Path[];
  /** What starts an instance. */
  readonly command: readonly Path[];
  /** Where the router listens. */
  readonly listen: readonly Path[];
}

export const platformPaths: Readonly<Record<PlatformName, PlatformPaths>> = {
  local: {
    start: [["local", "start"]],
    command: [["local", "command"]],
    listen: [
      ["local", "host"],
      ["local", "port"],
    ],
  },
  proxy: {
    start: [["proxy", "colors", "start"]],
    command: [["proxy", "colors", "command"]],
    listen: [
      ["proxy", "host"],
      ["proxy", "port"],
    ],
  },
};

/** Until a color of bluegreen's or of a component of the user's own has started, at worst. */
export function longestStartMs(settings: Settings): number {
  const { color, platform } = settings;
  return color.file === null ? platformFacts[platform](settings).startMs : color.startMs;
}

/** True where a color has as many instances as the settings name servers for it. */
export function staysInSize({ platform, proxy }: Settings): boolean {
  return platform === "proxy" && proxy.colors.kind === "servers";
}

interface PlatformFacts {
  /** Until all instances of a color have started, at worst. */
  readonly startMs: number;
  /** Whether there is anything to start an instance with. */
  readonly hasCommand: boolean;
  readonly host: string;
  readonly port: number;
}

export const platformFacts: Readonly<Record<PlatformName, (settings: Settings) => PlatformFacts>> =
  {
    local: ({ local: { startMs, command, host, port } }) => {
      return { startMs, hasCommand: command.length > 0, host, port };
    },
    proxy: ({ proxy: { colors, host, port } }) => {
      if (colors.kind === "process") {
        return { startMs: colors.startMs, hasCommand: colors.command.length > 0, host, port };
      }
      // One server after the other: each installs, and then becomes healthy.
      const servers = Math.max(colors.blue.length, colors.green.length);
      return { startMs: 2 * servers * colors.startMs, hasCommand: true, host, port };
    },
  };
