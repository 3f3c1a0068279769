/** The check `custom`: one that the user wrote, run in a process of its own. */

import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import type { CheckOf } from "../../infra/config.ts";
import { compileCache } from "../../infra/compile-cache.ts";
import { previewHeader } from "../../infra/headers.ts";
import type { CheckContext, CheckKindOf } from "./check.ts";
import { readReply, replyCap } from "./custom-reply.ts";
import type { CustomTask } from "./custom-reply.ts";
import { head } from "../report/safe-text.ts";
import type { Outcome } from "./finding.ts";
import { captureCap, environmentOf, hidingValues } from "./own-program.ts";
import { judgeEnding, planOf, shownOutput } from "./own-program.ts";
import { runProgram } from "./program.ts";
import type { ProgramResult } from "./program.ts";

type Custom = CheckOf<"custom">;

const host = join(import.meta.dirname, "custom-host.ts");
/** Said of every file in TypeScript, and of one in a package that doesn't name its type. */
const quiet = ["ExperimentalWarning", "MODULE_TYPELESS_PACKAGE_JSON"];
const maxShown = 300;

export const customCheck: CheckKindOf<"custom"> = {
  kind: "custom",
  describe: ({ file }) => `the check in ${file} passes`,
  plan: planOf,
  run: async (check, context) => {
    const file = resolve(context.cwd, check.file);
    if (!existsSync(file)) {
      const sentence = `${check.file} doesn't exist in ${context.cwd}`;
      return { verdict: "error", sentence, evidence: "" };
    }
    const { env, timeoutMs } = check;
    const result = await runProgram({
      argv: [process.execPath, ...quiet.map((name) => `--disable-warning=${name}`), host],
      cwd: context.cwd,
      env: { ...compileCache(context.env), ...environmentOf(env, context) },
      timeoutMs,
      outputCap: captureCap(env),
      input: JSON.stringify(taskOf(file, context)),
      replyCap,
      signal: context.signal,
    });
    return outcomeOf(check, result);
  },
};

function taskOf(file: string, context: CheckContext): CustomTask {
  const { color, version, addresses, url, preview } = context;
  const previewHeaders = url !== null && preview ? { [previewHeader]: color } : null;
  return { file, context: { color, version, addresses, url, previewHeaders } };
}

/** A finding counts only where the process ended by itself after it. */
function outcomeOf({ file, env, timeoutMs }: Custom, result: ProgramResult): Outcome {
  const { ending, output } = result;
  const hide = hidingValues(env);
  const outcome = (verdict: Outcome["verdict"], text: string, seen = ""): Outcome => {
    const sentence = head(hide(text), maxShown).replaceAll(/\s+/g, " ");
    const parts = [seen, output].filter((part) => part !== "");
    return { verdict, sentence, evidence: shownOutput(parts.join("\n"), hide) };
  };
  const [, ended] = judgeEnding(ending, timeoutMs);
  if (ending.kind === "stopped") return outcome("fail", `${file} ${ended}`);
  if (ending.kind !== "exited") return outcome("error", `${file} ${ended}`);
  const reply = readReply(result.reply);
  if (reply === null) return outcome("error", `${file} ${ended}, and returned no finding`);
  if (reply.kind === "problem") return outcome("error", `${file} ${reply.sentence}`);
  return outcome(reply.verdict, `${reply.name}: ${reply.sentence}`, reply.evidence);
}
