/** Single calls of the Pulumi CLI whose output is data. */

import { execFile } from "node:child_process";
import { messageOf } from "../../infra/errors.ts";
import { translate } from "./engine-error.ts";

export interface CliCall {
  readonly pulumi: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

export interface CliResult {
  readonly ok: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** The engine as it is called for a project. */
export interface CliTarget {
  readonly pulumi: string;
  /** Folder with Pulumi.yaml. */
  readonly cwd: string;
  /** Beside this process's own environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Used for every stack of the environment. */
  readonly settingsFile: string;
}

const limitMs = 60_000;
const maxBytes = 256 * 1024 * 1024;

/** Never rejects: what went wrong is in `stderr`. */
export function runPulumi({ pulumi, args, cwd, env }: CliCall): Promise<CliResult> {
  const options = {
    cwd,
    env: { ...process.env, ...env },
    timeout: limitMs,
    maxBuffer: maxBytes,
  };
  return new Promise((resolve) => {
    execFile(pulumi, [...args, "--non-interactive"], options, (error, stdout, stderr) => {
      const reason = error && stderr === "" ? messageOf(error) : stderr;
      resolve({ ok: error === null, stdout, stderr: reason });
    });
  });
}

/**
 * What a CLI command, which names the stack itself, prints of it; null when it doesn't exist.
 * @throws BlueGreenError in our words
 */
export async function askStack(
  { pulumi, cwd, env, settingsFile }: CliTarget,
  args: readonly string[],
  stack: string,
): Promise<string | null> {
  const withFile = { ...env, PULUMI_OPTION_CONFIG_FILE: settingsFile };
  const result = await runPulumi({ pulumi, args, cwd, env: withFile });
  if (result.ok) return result.stdout;
  if (/no stack named/i.test(result.stderr)) return null;
  throw translate(new Error(result.stderr), [], stack);
}
