/** Starts a color's supervisor so that it outlives whoever started it. */

import { spawn } from "node:child_process";
import { closeSync } from "node:fs";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";

import { BlueGreenError } from "../../../errors.ts";
import type { ColorFolder } from "./color-folder.ts";
import { plainEnvironment } from "./color-spec.ts";
import type { ColorSpec } from "./color-spec.ts";
import { compileCache } from "../../../compile-cache.ts";
import { openLog, tailLines } from "./log-files.ts";
import { currentHolder } from "./supervisor-lock.ts";
import { waitUntil } from "./waiting.ts";

/** The same ending as this file: `.ts` in a checkout, `.js` in a package. */
const entry = fileURLToPath(new URL(`./main${extname(import.meta.url)}`, import.meta.url));

/** It has little to do, so it needs little room for what it leaves behind; V8 would take 48 MB. */
const nodeOptions = ["--disable-warning=ExperimentalWarning", "--max-semi-space-size=1"];

/**
 * Returns when a supervisor holds the color's lock, this one or another that was faster, or when
 * the new process has ended because somebody else held it for a moment.
 *
 * @throws BlueGreenError PROVISION_FAILED when the process fails or `withinMs` passes.
 */
export async function startSupervisor(
  folder: ColorFolder,
  spec: ColorSpec,
  withinMs: number,
): Promise<void> {
  const end = spawnDetached(folder, spec);
  const isHeld = () => typeof currentHolder(folder)?.socket === "string";
  const isSettled = () => end.how !== null || isHeld();
  const settled = await waitUntil(isSettled, { withinMs, everyMs: 25 });
  if (settled && (end.how === null || end.how === "code 0")) return;
  const problem = end.how === null ? `it took longer than ${withinMs} ms` : `ended with ${end.how}`;
  throw new BlueGreenError("PROVISION_FAILED", `the supervisor didn't start: ${problem}`, {
    hint: `Its log is ${folder.supervisorLog}.`,
    details: tailLines(folder.supervisorLog, 20),
  });
}

function spawnDetached(folder: ColorFolder, spec: ColorSpec): { how: string | null } {
  const end: { how: string | null } = { how: null };
  const log = openLog(folder.supervisorLog);
  try {
    const child = spawn(process.execPath, [...nodeOptions, entry, folder.dir], {
      cwd: "/",
      env: { ...plainEnvironment(process.env), ...compileCache(process.env) },
      detached: true,
      stdio: ["pipe", log, log],
    });
    child.once("error", (error) => {
      end.how = error.message;
    });
    child.once("exit", (code, signal) => {
      end.how = signal ?? `code ${code ?? 0}`;
    });
    // One that finds another supervisor at work ends without reading.
    child.stdin?.once("error", () => undefined);
    child.stdin?.end(JSON.stringify(spec));
    child.unref();
  } finally {
    closeSync(log);
  }
  return end;
}
