/** Options that several commands share. */

import type { Argv } from "yargs";
import { isVersion, versionMaxLength, versionWords } from "../../infra/config/version.ts";
import { BlueGreenError } from "../../infra/errors.ts";
import { colors } from "../../infra/model.ts";
import { isCi } from "../engine/backend.ts";
import { plainText } from "../report/plain-text.ts";
import type { Arguments } from "./command.ts";

/** Whether the settings file follows the switch; off in CI, where the checkout is thrown away. */
export function withWriteBack(parser: Argv): Argv {
  return parser.option("write", {
    type: "boolean",
    default: !isCi(process.env),
    describe: "write activeColor and generation into the settings file (off in CI)",
  });
}

export function withOverride(parser: Argv): Argv {
  return parser.option("override-freeze", {
    type: "string",
    describe: "switch although a freeze forbids it, and say why",
  });
}

/** @throws USAGE where no reason is given */
export function overrideOf(argv: Arguments, command: string): string | null {
  const example = `bluegreen ${command} --override-freeze "orders fail, fix in 1.4.3"`;
  return reasonOf(argv, "override-freeze", example);
}

/**
 * Why something that is refused is done all the same; null where the option isn't given.
 * @throws USAGE where it is given without a reason
 */
export function reasonOf(argv: Arguments, option: string, example: string): string | null {
  const { [option]: reason } = argv;
  if (reason === undefined) return null;
  if (typeof reason === "string" && reason.trim() !== "") return reason.trim();
  throw new BlueGreenError("USAGE", `--${option} needs a reason`, {
    hint: `for instance: \`${example}\``,
  });
}

export function withColor(parser: Argv, describe: string): Argv {
  return parser.positional("target", { choices: colors, type: "string", describe });
}

/** `--version` is a release's here, not a question for this program's own. */
export function withVersion(parser: Argv, describe: string): Argv {
  return parser.version(false).option("version", { type: "string", describe });
}

/**
 * The release that `--version` names; null without it.
 * @throws USAGE for what the setting `bluegreen:version` couldn't be either
 */
export function versionOf({ version }: Arguments, command: string): string | null {
  return version === undefined ? null : named(version, "--version ", command);
}

/**
 * The release that a command is about, by version or digest.
 * @throws USAGE for what can be neither
 */
export function releaseOf({ release }: Arguments, command: string): string {
  return named(release, "", command);
}

/** A digest is a word of the same form. */
function named(release: unknown, option: string, command: string): string {
  if (typeof release === "string" && isVersion(release)) return release;
  throw new BlueGreenError("USAGE", `${option}${shown(release)} names no release`, {
    hint:
      `write ${versionWords}: at most ${versionMaxLength} characters, the first a letter or a ` +
      `digit; see \`bluegreen ${command} --help\``,
  });
}

/** What was typed, so that a blank or a control character in it is seen, and its end cut. */
function shown(version: unknown): string {
  const text = plainText(JSON.stringify(version));
  return text.length <= 60 ? text : `${text.slice(0, 60)}...`;
}
