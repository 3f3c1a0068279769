/** News in words, the same for every target; each target makes them harmless in its own way. Pure. */

import type { Phase } from "../../infra/model.ts";
import { plainText } from "../report/plain-text.ts";
import type { News, Standing } from "./news.ts";

/** What the news are about beside the rollout. */
export interface Place {
  readonly application: string;
  readonly environment: string;
}

/** Letters of a sentence that are passed on. */
const maxSentence = 500;

const phases: Readonly<Record<Phase, string>> = {
  provision: "is being filled in",
  check: "is being checked",
  gate: "waits for permission",
  shift: "gets traffic step by step",
  bake: "has all traffic and is watched",
  hold: "is active",
};

const standings: Readonly<Record<Exclude<Standing, "running" | "waiting">, string>> = {
  done: "is active",
  aborted: "was given up",
  stopped: "stopped halfway",
  inconclusive: "is active, and its bake was inconclusive",
  rolledBack: "was ROLLED BACK",
  stuck: "is STUCK: a person is needed",
  routerDown: "can't go on: the ROUTER IS DOWN",
};

const outside: Readonly<Partial<Record<Standing, string>>> = {
  rolledBack: "traffic was ROLLED BACK",
  stuck: "STUCK: a person is needed",
  routerDown: "the ROUTER IS DOWN",
};

/** For example "release 2 into green is being checked". */
export function headlineOf({ rollout, standing }: News): string {
  if (rollout === null) return outside[standing] ?? standing;
  const { kind, version, color, phase } = rollout;
  const what = kind === "deploy" ? `release ${version} into ${color}` : `a switch to ${color}`;
  const running = standing === "running" || standing === "waiting";
  return `${what} ${running ? phases[phase] : standings[standing]}`;
}

/** The sentence as one plain line, cut; no letter of two code units is cut in half. */
export function sentenceIn({ sentence }: News, max = maxSentence): string {
  const text = plainText(sentence);
  if (text.length <= max) return text;
  return `${text.slice(0, max - 1).replace(/[\ud800-\udbff]$/, "")}…`;
}
