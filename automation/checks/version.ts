/** The check `version`: every way to the color leads to the release that is meant. */

import { versionIn } from "../../infra/probe.ts";
import { askAll } from "./asking.ts";
import type { CheckKindOf } from "./check.ts";
import { quoted } from "../report/safe-text.ts";

const statuses = [200];

export const versionCheck: CheckKindOf<"version"> = {
  kind: "version",
  describe: ({ path, expect }) => `GET ${path} says version ${expect ?? "of the release"}`,
  plan: ({ retries, deadlineMs }) => ({ retries, deadlineMs }),
  run: (check, context) => {
    const expected = check.expect ?? context.version;
    const { path, timeoutMs } = check;
    return askAll({ path, timeoutMs, statuses }, context, (answer, quote) => {
      if (!answer.allowed) return null;
      const found = versionIn(answer, check);
      if (found === expected) return null;
      const says = found === null ? "says no version" : `says version ${quote(found)}`;
      return { verdict: "fail", text: `${says}, ${quoted(expected)} expected` };
    });
  },
};
