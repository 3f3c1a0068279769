/** The form of a command's file: what it collects, and the work it starts. */

import type { Argv } from "yargs";
import type { GlobalOptions } from "../command.ts";

export interface Command {
  /** As yargs reads it, for example `switch <target>`. */
  readonly usage: string;
  readonly describe: string;
  /** Command lines with what they do; shown by `--help`. */
  readonly examples: readonly (readonly [string, string])[];
  readonly options: (parser: Argv) => Argv;
  /** Returns the exit code; prints its own errors. */
  readonly run: (argv: Arguments) => Promise<number>;
}

/** Parsed arguments: the global ones typed, the command's own as it declared them. */
export type Arguments = GlobalOptions & Readonly<Record<string, unknown>>;

/** For commands without options of their own. */
export function noOptions(parser: Argv): Argv {
  return parser;
}
