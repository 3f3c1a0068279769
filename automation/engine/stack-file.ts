/** Reads a stack's state straight from a folder backend, in milliseconds where the CLI takes 0.2 s. */
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileBackendFolder } from "./lock.ts";
import type { StackAddress } from "./lock.ts";

export interface StackState {
  /** Each secret as the word with which the CLI prints it. */
  readonly outputs: Readonly<Record<string, unknown>>;
  /** True where `outputs` would say more with the secrets in clear. */
  readonly hasSecrets: boolean;
  /** True where the stack holds nothing and nothing of it was left undone. */
  readonly isEmpty: boolean;
}

/**
 * What Pulumi wrote last; like its own `stack output` it takes no lock. "unknown": not a folder, a
 * layout that isn't known, or a file that can't be read; then the CLI has to be asked.
 */
export async function readStackFile(
  address: StackAddress,
): Promise<StackState | "missing" | "unknown"> {
  const { url, project, stack, cwd = process.cwd() } = address;
  const state = url === null ? null : fileBackendFolder(url, cwd);
  if (state === null) return "unknown";
  const layout = await layoutOf(state);
  if (layout !== "known") return layout;
  const file = join(state, ".pulumi", "stacks", project, `${stack}.json`);
  try {
    return parseStackFile(await readFile(file, "utf8"));
  } catch (error) {
    const missing = codeOf(error) === "ENOENT" && !(await isThere(`${file}.gz`));
    return missing ? "missing" : "unknown";
  }
}

/** Layouts of the file that are known; a later one may keep outputs elsewhere. */
const versions: readonly unknown[] = [3, 4];

/** Exported for the tests. */
export function parseStackFile(text: string): StackState | "unknown" {
  const { version, checkpoint } = JSON.parse(text) as StackFile;
  if (!versions.includes(version) || !checkpoint) return "unknown";
  const resources = checkpoint.latest?.resources ?? [];
  const pending = checkpoint.latest?.pending_operations ?? [];
  const roots = resources.filter(({ type }) => type === "pulumi:pulumi:Stack");
  if (roots.length > 1 || roots.some((root) => root.delete === true)) return "unknown";
  const open = roots[0]?.outputs ?? {};
  const seen = { secrets: 0 };
  const outputs = closed(open, seen) as StackState["outputs"];
  const isEmpty = resources.length === 0 && pending.length === 0;
  return { outputs, hasSecrets: seen.secrets > 0, isEmpty };
}

interface StackFile {
  readonly version?: unknown;
  readonly checkpoint?: {
    readonly latest?: {
      readonly resources?: readonly Resource[] | null;
      readonly pending_operations?: readonly unknown[] | null;
    } | null;
  } | null;
}

interface Resource {
  readonly type: string;
  readonly delete?: boolean;
  readonly outputs?: Readonly<Record<string, unknown>>;
}

/** Marks values that aren't plain JSON: secrets, assets, references. */
const signatureKey = "4dabf18193072939515e22adb298388d";

/** Whatever carries a signature is as good as secret here: only the CLI can say what it is. */
function closed(value: unknown, seen: { secrets: number }): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((each) => closed(each, seen));
  if (signatureKey in value) {
    seen.secrets += 1;
    return "[secret]";
  }
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, closed(each, seen)]));
}

/** Since version 1 stacks lie in their project's folder; a backend without this file is older. */
async function layoutOf(state: string): Promise<"known" | "missing" | "unknown"> {
  const own = join(state, ".pulumi");
  const meta = await readFile(join(own, "meta.yaml"), "utf8").catch(() => "");
  if (/^version: 1$/m.test(meta)) return "known";
  return (await isThere(state)) && !(await isThere(own)) ? "missing" : "unknown";
}

/** What can't be looked at counts as there: only its absence is certain. */
async function isThere(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    (error: unknown) => codeOf(error) !== "ENOENT",
  );
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
}
