/** The check `command`: a program of the user's own says by its exit code whether it passes. */

import type { CheckOf } from "../../infra/config.ts";
import { formatDuration } from "../../infra/duration.ts";
import { userPath } from "../../infra/user-path.ts";
import type { Verdict } from "../../infra/model.ts";
import { hideIn, partsToHide } from "../hidden-values.ts";
import type { CheckContext, CheckKindOf } from "./check.ts";
import { quoted, tail } from "./evidence.ts";
import { killGraceMs, runProgram } from "./program.ts";
import type { Ending } from "./program.ts";

type CommandCheck = CheckOf<"command">;

const outputCap = 8 * 1024;
/** Beyond the program's own deadline, for ending it. */
const endingMs = killGraceMs + 1_000;

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

export const commandCheck: CheckKindOf<"command"> = {
  kind: "command",
  describe: ({ argv }) => `${programOf(argv)} ends with exit code 0`,
  plan: ({ timeoutMs }) => ({ retries: 0, deadlineMs: timeoutMs + endingMs }),
  run: async (check, context) => {
    const secrets = partsToHide(Object.values(check.env));
    const longest = Math.max(0, ...secrets.map((value) => value.length));
    const { ending, output } = await runProgram({
      argv: check.argv,
      cwd: context.cwd,
      env: environmentOf(check, context),
      timeoutMs: check.timeoutMs,
      outputCap: outputCap + longest,
      signal: context.signal,
    });
    const [verdict, ended] = judgeEnding(ending, check.timeoutMs);
    return {
      verdict,
      sentence: `${programOf(check.argv)} ${ended}`,
      evidence: tail(hideIn(output, secrets, "***"), outputCap),
    };
  },
};

function programOf(argv: readonly string[]): string {
  return quoted(argv.join(" "));
}

function environmentOf(check: CommandCheck, context: CheckContext): Record<string, string> {
  const { color, version, addresses, url } = context;
  const own = inherited.flatMap((name) => {
    const value = name === "PATH" ? userPath(context.env) : context.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    ...Object.fromEntries(own),
    ...check.env,
    BLUEGREEN_COLOR: color,
    BLUEGREEN_VERSION: version,
    BLUEGREEN_ADDRESSES: addresses.join(","),
    ...(url === null ? {} : { BLUEGREEN_URL: url }),
  };
}

function judgeEnding(ending: Ending, timeoutMs: number): readonly [Verdict, string] {
  switch (ending.kind) {
    case "exited":
      return [ending.code === 0 ? "pass" : "fail", `ended with exit code ${ending.code}`];
    case "killed":
      return ["error", `was ended by ${ending.signal}`];
    case "stopped":
      return ending.why === "timeout"
        ? ["fail", `didn't end within ${formatDuration(timeoutMs)} and was stopped`]
        : ["inconclusive", "was interrupted"];
    case "unstartable":
      return ["error", `couldn't be started: ${ending.reason}`];
  }
}
