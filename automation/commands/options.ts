/** Options that several commands share. */

import type { Argv } from "yargs";
import { colors } from "../../infra/model.ts";
import { isCi } from "../engine/backend.ts";

/** Whether the settings file follows the switch; off in CI, where the checkout is thrown away. */
export function withWriteBack(parser: Argv): Argv {
  return parser.option("write", {
    type: "boolean",
    default: !isCi(process.env),
    describe: "write activeColor and generation into the settings file (off in CI)",
  });
}

export function withColor(parser: Argv, describe: string): Argv {
  return parser.positional("target", { choices: colors, type: "string", describe });
}
