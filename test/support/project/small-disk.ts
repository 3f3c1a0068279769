/** A file system of a few megabytes that a test can fill up; needs root and a Linux kernel. */

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { messageOf } from "../../../infra/errors.ts";

export interface SmallDisk {
  readonly folder: string;
  fill(): void;
  free(): void;
  /** Nothing may run in it any more. */
  remove(): void;
}

const megabytes = 24;

/** The reason why this machine can't have one. */
export type Impossible = string;

export function makeSmallDisk(): SmallDisk | Impossible {
  if (process.getuid?.() !== 0) return "only root may mount a file system";
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "bluegreen-disk-")));
  try {
    const options = ["-t", "tmpfs", "-o", `size=${megabytes}m`, "tmpfs", folder];
    execFileSync("mount", options, { stdio: "pipe" });
  } catch (error) {
    rmSync(folder, { recursive: true });
    return `no tmpfs can be mounted: ${messageOf(error)}`;
  }
  mkdirSync(join(folder, "state"));
  const ballast = join(folder, "ballast");
  return {
    folder: join(folder, "state"),
    fill: () => {
      fillUp(ballast);
    },
    free: () => {
      rmSync(ballast, { force: true });
    },
    remove: () => {
      execFileSync("umount", [folder], { stdio: "pipe" });
      rmSync(folder, { recursive: true });
    },
  };
}

/** Large pieces first, then small ones, until nothing more fits. */
function fillUp(file: string): void {
  for (const bytes of [1_048_576, 4_096, 1]) {
    const piece = Buffer.alloc(bytes, "x");
    for (let count = 0; count < megabytes * 1_024; count += 1) {
      try {
        writeFileSync(file, piece, { flag: "a" });
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOSPC") break;
        throw error;
      }
    }
  }
}
