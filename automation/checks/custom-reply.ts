/** What the process of a custom check is told and answers; its answers are read with suspicion. */

import { z } from "zod";

import type { CustomContext } from "./custom-check.ts";

/** On standard input, as JSON. */
export interface CustomTask {
  /** Absolute path. */
  readonly file: string;
  readonly context: Omit<CustomContext, "signal">;
}

const finding = z.object({
  kind: z.literal("finding"),
  /** The declared one. */
  name: z.string(),
  verdict: z.enum(["pass", "fail", "inconclusive"]),
  sentence: z.string(),
  evidence: z.string(),
});

/** The check couldn't be run; a sentence that follows the file's name. */
const problem = z.object({ kind: z.literal("problem"), sentence: z.string() });

const reply = z.discriminatedUnion("kind", [finding, problem]);

/** On file descriptor 3, as JSON. */
export type CustomReply = z.output<typeof reply>;

/** Characters of a reply; what would be longer is cut before. */
export const replyCap = 256 * 1024;
export const maxSentence = 500;
export const maxSentEvidence = 16 * 1024;

/** Null for anything else. */
export function readReply(text: string): CustomReply | null {
  try {
    return reply.safeParse(JSON.parse(text)).data ?? null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
