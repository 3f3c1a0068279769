/** What checks that run a program of the user's own share: its environment, its time, its end. */

import { endingMs, longest } from "../../infra/attempt-times.ts";
import { formatDuration } from "../../infra/duration.ts";
import { previewHeader } from "../../infra/headers.ts";
import type { Verdict } from "../../infra/model.ts";
import { userPath } from "../../infra/user-path.ts";
import { hideIn, partsToHide } from "../../infra/hidden-values.ts";
import type { CheckContext, CheckPlan } from "./check.ts";
import { quoted, tail } from "../report/safe-text.ts";
import type { Outcome } from "./finding.ts";
import { runProgram } from "./program.ts";
import type { Ending } from "./program.ts";

type Variables = Readonly<Record<string, string>>;

/** Characters of its output that are kept. */
export const outputCap = 8 * 1024;
/** What a program needs to run at all; everything else of the environment may be a credential. */
const inherited = [
  "PATH",
  "HOME",
  "USER",
  "LOGNAME",
  "SHELL",
  "LANG",
  "LC_ALL",
  "LC_CTYPE",
  "TZ",
  "TMPDIR",
  "NODE_EXTRA_CA_CERTS",
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
] as const;

/** What a program is told of the color that it is run for. */
type Told = Pick<CheckContext, "color" | "version" | "addresses" | "url" | "preview" | "env">;

/** The whole environment of the program: the few inherited ones, its own, and ours. */
export function environmentOf(own: Variables, context: Told): Record<string, string> {
  const { color, version, addresses, url, preview } = context;
  return programEnvironment(context.env, own, {
    BLUEGREEN_COLOR: color,
    BLUEGREEN_VERSION: version,
    BLUEGREEN_ADDRESSES: addresses.join(","),
    BLUEGREEN_URL: url ?? "",
    BLUEGREEN_PREVIEW: url !== null && preview ? `${previewHeader}: ${color}` : "",
  });
}

/**
 * The whole environment of a program of the user's own.
 * @param outer this process's, of which only the few inherited ones are handed on
 * @param ours what tells the program of the rollout; wins over its own
 */
export function programEnvironment(
  outer: Readonly<NodeJS.ProcessEnv>,
  own: Variables,
  ours: Variables,
): Record<string, string> {
  const needed = inherited.flatMap((name) => {
    const value = name === "PATH" ? userPath(outer) : outer[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(needed), ...own, ...ours };
}

interface Runs {
  readonly timeoutMs: number;
  readonly retries: number;
  /** 0: as long as all runs may take. */
  readonly deadlineMs: number;
}

export function planOf({ timeoutMs, retries, deadlineMs }: Runs): CheckPlan {
  const all = longest(retries, timeoutMs + endingMs);
  return { retries, deadlineMs: deadlineMs === 0 ? all : deadlineMs };
}

/** The verdict by the exit code, and the program's end in words that follow its name. */
export function judgeEnding(ending: Ending, timeoutMs: number): readonly [Verdict, string] {
  switch (ending.kind) {
    case "exited":
      return [ending.code === 0 ? "pass" : "fail", `ended with exit code ${ending.code}`];
    case "killed":
      return ["error", `was ended by ${ending.signal}`];
    case "stopped":
      return ending.why === "timeout"
        ? ["fail", `didn't end within ${formatDuration(timeoutMs)} and was stopped`]
        : ["fail", "was stopped before it ended"];
    case "unstartable":
      return ["error", `couldn't be started: ${ending.reason}`];
  }
}

/** Runs a program, and judges it by how it ended; what it wrote is the evidence. */
export async function outcomeOfProgram(
  {
    argv,
    env,
    timeoutMs,
  }: { readonly argv: readonly string[]; readonly env: Variables; readonly timeoutMs: number },
  { cwd, variables, signal }: Surroundings,
): Promise<Outcome> {
  const asked = { argv, cwd, env: variables, timeoutMs, outputCap: captureCap(env), signal };
  const { ending, output } = await runProgram(asked);
  const [verdict, ended] = judgeEnding(ending, timeoutMs);
  const hide = hidingValues(env);
  return {
    verdict,
    sentence: `${programName(argv, hide)} ${ended}`,
    evidence: shownOutput(output, hide, ended),
  };
}

interface Surroundings {
  readonly cwd: string;
  /** The whole environment. */
  readonly variables: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** The command line inside a sentence. */
export function programName(argv: readonly string[], hide = (text: string) => text): string {
  return quoted(hide(argv.join(" ")));
}

/** Replaces the values of the check's own variables. */
export function hidingValues(own: Variables): (text: string) => string {
  const parts = partsToHide(Object.values(own));
  return (text) => hideIn(text, parts, "***");
}

/** So many characters are kept while it runs that none of a value is left where output is cut. */
export function captureCap(own: Variables): number {
  return outputCap + Math.max(0, ...Object.values(own).map((value) => value.length));
}

/** The end of an output as evidence, with a last line on how the program ended. */
export function shownOutput(output: string, hide: (text: string) => string, ended = ""): string {
  const shown = tail(hide(output), outputCap);
  if (ended === "") return shown;
  return `${shown}${shown === "" || shown.endsWith("\n") ? "" : "\n"}[${ended}]`;
}
