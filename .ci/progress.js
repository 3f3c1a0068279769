/**
 * A Vitest reporter: as a file of tests ends, a line `MILLISECONDS PROJECT PATH` in the file that
 * BLUEGREEN_PROGRESS names. It tells where the time went, also of a run that was cut short.
 */

import { appendFileSync } from "node:fs";
import { relative } from "node:path";
import process from "node:process";

export default class Progress {
  onTestModuleEnd(module) {
    const file = process.env["BLUEGREEN_PROGRESS"];
    if (file === undefined) return;
    const { duration } = module.diagnostic();
    const place = relative(process.cwd(), module.moduleId);
    appendFileSync(file, `${Math.round(duration)} ${module.project.name} ${place}\n`);
  }
}
