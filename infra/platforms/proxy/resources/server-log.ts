/** What installing on a server said, kept on this machine: bounded, and without known secrets. */

import { appendFileSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";

import { messageOf } from "../../../errors.ts";
import { hideIn, partsToHide } from "../../../hidden-values.ts";
import { rotateWhenLarge } from "../../local/supervisor/log-files.ts";

const bounds = { maxBytes: 256 * 1024, keep: 1 };
const maxLines = 500;
const lineMaxChars = 500;
/** Variables of this process that its commands inherit, and may print. */
const secretName = /pass|secret|token|key|credential/i;
const credentials = /(\w:\/\/[^\s/:@]*):[^\s/@]+@/g;

/** The end of what a command said, as single lines that are safe to print and to keep. */
export function safeLines(text: string): readonly string[] {
  const secrets = Object.entries(process.env).filter(([name]) => secretName.test(name));
  const parts = partsToHide(secrets.map(([, value]) => value ?? ""));
  const shown = hideIn(text, parts).replaceAll(credentials, "$1:[hidden]@");
  const lines = shown.split("\n").map((line) => {
    // eslint-disable-next-line no-control-regex -- control characters are what is taken out
    return line.replaceAll(/[\u0000-\u001f\u007f]/g, " ").trimEnd();
  });
  return lines
    .filter((line) => line !== "")
    .slice(-maxLines)
    .map((line) => line.slice(0, lineMaxChars));
}

/** Synchronous, as it is also written right before this process ends. It stops no installation. */
export function keepLog(path: string, title: string, lines: readonly string[]): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    rotateWhenLarge(path, bounds);
    const text = [`--- ${title}`, ...lines].map((line) => `${line}\n`).join("");
    appendFileSync(path, text, { mode: 0o600 });
  } catch (error) {
    process.stderr.write(`${path} couldn't be written: ${messageOf(error)}\n`);
  }
}
