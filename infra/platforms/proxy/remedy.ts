/** What to do about a problem of the router, by what it says and whose server it is. PURE. */

import type { RouterReading } from "../../model.ts";
import { bringBack } from "../../rules/router-advice.ts";
import type { RouterSpec } from "./spec.ts";
import { filesOf } from "./spec.ts";

interface Known {
  readonly pattern: RegExp;
  readonly advice: (spec: RouterSpec) => string;
}

const setRight = "set it right: `bluegreen up`";

/** The first that fits counts; the texts are those of hosts, status, runtime and reading. */
const known: readonly Known[] = [
  {
    pattern: /can't be used: its host key isn't the one/,
    advice: () =>
      "somebody may be listening in: only when its owner confirms a new key, replace it in the " +
      "known hosts",
  },
  {
    pattern: /can't be used: its host key/,
    advice: () => "compare the host's key with what its owner says, then add it to the known hosts",
  },
  {
    pattern: /can't be used: |gave no answer within \d+ ms to "/,
    advice: () =>
      "what it serves goes on: mend the way to it (`ssh -v` by hand says more), then look again",
  },
  {
    pattern: /belongs to /,
    advice: () => "give each environment a `proxy.dir` of its own",
  },
  {
    pattern: /doesn't hand its requests over yet/,
    advice: () => "`bluegreen doctor` prints the steps, and says which one is missing",
  },
  {
    pattern: /no color is active/,
    advice: ({ upstream, dialect }) =>
      `run \`bluegreen deploy\`; until it is through, your own ${dialect === "nginx" ? "upstream" : "backend"} ${upstream} ` +
      "in place of bluegreen's, and a reload, serve as before",
  },
  {
    pattern: /runtime socket/,
    advice: (spec) =>
      spec.mode === "managed"
        ? "only a new process makes a lost socket anew: end this one, then `bluegreen up`"
        : `see that your HAProxy has \`stats socket ${filesOf(spec).socket} level admin\`, and ` +
          "restart it: only that makes a lost socket anew",
  },
  {
    pattern: /workers from before a reload/,
    advice: ({ mode }) =>
      mode === "managed"
        ? "one that a former bluegreen started has no master socket to ask them by: wait until they " +
          "have ended, or end it while no traffic hangs on it, then `bluegreen up`"
        : "with a master socket that bluegreen can reach on the router's host they are asked: start " +
          "HAProxy with `-S` and its path; else wait until the processes have ended",
  },
  {
    pattern: /isn't the router /,
    advice: ({ mode, dialect, port }) =>
      mode === "managed"
        ? `end what listens there (\`lsof -i :${port}\`), then bring the router back: \`bluegreen up\``
        : `your ${dialect} runs without bluegreen's file: \`bluegreen doctor\` says what is missing`,
  },
];

/** For each problem of a reading, in their order. */
export function remediesOf(
  spec: RouterSpec,
  { weights, problems }: Pick<RouterReading, "weights" | "problems">,
): readonly string[] {
  return problems.map((problem) => remedyOf(spec, problem, { isSilent: weights === null }));
}

function remedyOf(
  spec: RouterSpec,
  problem: string,
  { isSilent }: { readonly isSilent: boolean },
): string {
  const found = known.find(({ pattern }) => pattern.test(problem));
  if (found) return found.advice(spec);
  if (!isSilent) return setRight;
  return spec.mode === "managed"
    ? bringBack
    : `start your ${spec.dialect}; \`bluegreen doctor\` says what keeps it from serving`;
}
