/** A question that needs a person's yes; never asked where nobody can answer. */

import { createInterface } from "node:readline/promises";
import { BlueGreenError } from "../infra/errors.ts";
import type { CommandContext } from "./command.ts";

/** @throws USAGE when the answer isn't yes, or when nobody can be asked */
export async function confirm(
  { options }: Pick<CommandContext, "options">,
  question: string,
): Promise<void> {
  if (options.yes) return;
  if (!process.stdin.isTTY) {
    throw new BlueGreenError("USAGE", `this needs a yes: ${question}`, { hint: "add --yes" });
  }
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await prompt.question(`${question} [y/N] `);
    if (/^y(es)?$/i.test(answer.trim())) return;
  } finally {
    prompt.close();
  }
  throw new BlueGreenError("USAGE", "nothing was done: the answer wasn't yes");
}
