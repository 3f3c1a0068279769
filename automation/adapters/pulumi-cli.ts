/** Single calls of the Pulumi CLI whose output is data. */

import { execFile } from "node:child_process";
import { messageOf } from "../../infra/errors.ts";

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
