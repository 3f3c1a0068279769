/** Single calls of the Pulumi CLI whose output is data. */

import { readStackFile } from "../engine/stack-file.ts";
import { translate } from "./engine-error.ts";
import { runEngine } from "./engine-process.ts";

export interface CliCall {
  readonly pulumi: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Ends it when it aborts. */
  readonly signal?: AbortSignal | undefined;
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
  readonly project: string;
  /** Where the state lives; null where only Pulumi knows. */
  readonly backendUrl: string | null;
  /** Ends every call when it aborts. */
  readonly signal?: AbortSignal | undefined;
}

const limitMs = 60_000;

/** Never rejects: what went wrong is in `stderr`. */
export async function runPulumi({ pulumi, args, ...place }: CliCall): Promise<CliResult> {
  const words = [...args, "--non-interactive"];
  const { problem, stdout, stderr } = await runEngine({
    ...place,
    file: pulumi,
    args: words,
    limitMs,
  });
  const reason = problem !== null && stderr === "" ? problem : stderr;
  return { ok: problem === null, stdout, stderr: reason };
}

/**
 * What a CLI command, which names the stack itself, prints of it; null when it doesn't exist.
 * @throws BlueGreenError in our words
 */
export async function askStack(
  { pulumi, cwd, env, settingsFile, signal }: Omit<CliTarget, "project" | "backendUrl">,
  args: readonly string[],
  stack: string,
): Promise<string | null> {
  const withFile = { ...env, PULUMI_OPTION_CONFIG_FILE: settingsFile };
  const result = await runPulumi({ pulumi, args, cwd, env: withFile, signal });
  if (result.ok) return result.stdout;
  if (/no stack named/i.test(result.stderr)) return null;
  throw translate(new Error(result.stderr), [], stack);
}

export type Outputs = Readonly<Record<string, unknown>>;

/**
 * Outputs of a stack; null when it doesn't exist. Secrets stay closed unless `open`: the key to
 * open one takes 0.15 s to derive.
 * @throws BlueGreenError in our words
 */
export async function readOutputs(
  target: CliTarget,
  stack: string,
  { open }: { readonly open: boolean },
): Promise<Outputs | null> {
  const { project, backendUrl: url, cwd } = target;
  const found = await readStackFile({ url, project, stack, cwd });
  if (found === "missing") return null;
  if (found !== "unknown" && !(open && found.hasSecrets)) return found.outputs;
  const args = ["stack", "output", "--json", ...(open ? ["--show-secrets"] : [])];
  const text = await askStack(target, [...args, "--stack", stack], stack);
  return text === null ? null : (JSON.parse(text) as Outputs);
}

/** True where a stack holds nothing, or doesn't exist. */
export async function holdsNothing(target: CliTarget, stack: string): Promise<boolean> {
  const { project, backendUrl: url, cwd } = target;
  const found = await readStackFile({ url, project, stack, cwd });
  if (found === "missing") return true;
  if (found !== "unknown") return found.isEmpty;
  const text = await askStack(target, ["stack", "export", "--stack", stack], stack);
  if (text === null) return true;
  const { deployment } = JSON.parse(text) as { deployment?: Holding };
  return ![deployment?.resources, deployment?.pending_operations].some((held) => held?.length);
}

/** The part of a stack's state that tells whether it holds something. */
interface Holding {
  readonly resources?: readonly unknown[];
  readonly pending_operations?: readonly unknown[];
}
