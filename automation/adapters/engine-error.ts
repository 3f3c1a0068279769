/** The engine's errors in our words: codes that tell what to do, the engine's text as details. */

import { dirname } from "node:path";
import { BlueGreenError, messageOf, parseError } from "../../infra/errors.ts";
import type { ErrorCode } from "../../infra/errors.ts";
import { EngineDied } from "../engine-died.ts";

interface Known {
  readonly pattern: RegExp;
  readonly code: ErrorCode;
  /** `text` is what the engine said. */
  readonly message: (stack: string, text: string) => string;
  readonly hint: string;
}

/** One value; a wrong passphrase opens none, and is told before. */
const undecipherable = /message authentication failed|(failed to|could not|unable to) decrypt/;

/** True where a secret value of the settings file is what the engine failed at. */
export function isUndecipherable({ code, message, details }: BlueGreenError): boolean {
  return code === "ENGINE_FAILED" && undecipherable.test([message, ...details].join("\n"));
}

const known: readonly Known[] = [
  {
    pattern: /currently locked|Conflict: Another update is currently in progress/,
    code: "STACK_LOCKED",
    message: (stack) => `another update holds the lock of stack ${stack}`,
    hint: "wait for it; if its process is gone, `bluegreen unlock` shows whose it was and asks",
  },
  {
    pattern: /incorrect passphrase|invalid passphrase/,
    code: "PASSPHRASE_WRONG",
    message: (stack) => `the passphrase doesn't open the secrets of stack ${stack}`,
    hint: "they were made with another passphrase: where another backend was chosen then, choose that one again (`bluegreen doctor` shows the present one); else set PULUMI_CONFIG_PASSPHRASE(_FILE) to the one they were made with, or put the state folder with bluegreen's own back; only in a copy of another settings file, or where the passphrase is lost for good, remove `encryptionsalt` from the settings file and set its secrets again",
  },
  {
    pattern: /passphrase must be set/,
    code: "PASSPHRASE_WRONG",
    message: (stack) => `stack ${stack} needs a passphrase and none is set`,
    hint: "set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE",
  },
  {
    pattern: undecipherable,
    code: "ENGINE_FAILED",
    message: (stack) => `a secret value in the settings of stack ${stack} can't be decrypted`,
    hint: "it was encrypted for other settings or cut short: set it again with `bluegreen pulumi -- config set --secret --path KEY`",
  },
  {
    pattern: /no stack named/,
    code: "STACK_MISSING",
    message: (stack) => `stack ${stack} doesn't exist`,
    hint: "make the environment with `bluegreen up`",
  },
  {
    pattern: /no space left on device|ENOSPC/,
    code: "STORE_FAILED",
    // It may have come to that before anything was changed, or after: the text doesn't tell.
    message: (stack, text) =>
      `the disk is full${fullFolder(text)}: Pulumi couldn't finish its work on stack ${stack}`,
    hint: "free some space, then run the command again; `bluegreen status` tells what is true now",
  },
  {
    pattern: /failed to load checkpoint|could not deserialize deployment/,
    code: "STATE_BROKEN",
    message: (stack) => `Pulumi's state of stack ${stack} can't be read`,
    hint: "`bluegreen up` puts the copy that Pulumi made before its last write in its place",
  },
  {
    pattern:
      /unable to open (bucket|state directory)|could not read bucket|no such host|connection refused|dial tcp|no such file or directory.*\.pulumi|problem logging in|unable to check if bucket|PULUMI_ACCESS_TOKEN must be set|permission denied/,
    code: "BACKEND_UNREACHABLE",
    message: (stack) => `the Pulumi backend of stack ${stack} can't be reached`,
    hint: "`bluegreen doctor` shows which backend is used and why",
  },
];

/** The engine's process, or its provider's before or while it was asked. */
const died =
  /was killed with SIG|exited prematurely|code = Unavailable desc = (error reading from server|connection error: .*127\.0\.0\.1)/;

const runAgain = "the same command can be run again; `bluegreen doctor` looks for causes";

/** Never throws; what isn't known becomes ENGINE_FAILED with the engine's own words. */
export function translate(
  error: unknown,
  diagnostics: readonly string[],
  stack: string,
): BlueGreenError {
  if (error instanceof BlueGreenError) return error;
  const text = [...diagnostics, messageOf(error)].join("\n");
  const ours = firstOf([...diagnostics, messageOf(error)], parseError);
  if (ours) return ours;
  const found = known.find(({ pattern }) => pattern.test(text));
  const details = lines(diagnostics.length > 0 ? diagnostics.join("\n") : text);
  if (died.test(text)) {
    return new EngineDied(stack, { hint: runAgain, details, cause: error });
  }
  if (found) {
    const { code, message, hint } = found;
    return new BlueGreenError(code, message(stack, text), { hint, details, cause: error });
  }
  return new BlueGreenError("ENGINE_FAILED", `Pulumi failed on stack ${stack}`, {
    hint: runAgain,
    details,
    cause: error,
  });
}

/** Go's errors name the file behind the call that failed. */
function fullFolder(text: string): string {
  const file = /\b[a-z_]+ (\/[^:\n]+): no space left on device/.exec(text)?.[1];
  return file === undefined ? "" : ` (${dirname(file)})`;
}

/** One text at a time, so that what surrounds an error of ours isn't taken for its details. */
function firstOf<T>(texts: readonly string[], find: (text: string) => T | null): T | null {
  for (const text of texts) {
    const found = find(text);
    if (found !== null) return found;
  }
  return null;
}

const maxLines = 20;

function lines(text: string): readonly string[] {
  const useful = text
    .split("\n")
    .map((line) => line.trimEnd())
    .filter(
      (line) =>
        line.trim() !== "" && !/^\s*(exit code \d+$|code: -?\d+|stdout:|stderr:|err\?:)/.test(line),
    );
  return [...new Set(useful)].slice(0, maxLines);
}
