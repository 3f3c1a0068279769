/** A file system of a few megabytes that a test can fill up; needs root and a Linux kernel. */

import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "../../../infra/errors.ts";

export interface SmallDisk {
  /** Leaves so many pages of 4 KiB; default 0. */
  readonly fill: (options?: { readonly pagesLeft: number }) => void;
  readonly free: () => void;
  /** Whoever still has a file of it open keeps that. */
  readonly remove: () => void;
}

const megabytes = 24;

/** The reason why this machine can't have one. */
export type Impossible = string;

/** Mounts it at the folder, which is made. */
export function makeSmallDisk(folder: string): SmallDisk | Impossible {
  if (process.getuid?.() !== 0) return "only root may mount a file system";
  mkdirSync(folder, { recursive: true });
  try {
    const options = ["-t", "tmpfs", "-o", `size=${megabytes}m`, "tmpfs", folder];
    execFileSync("mount", options, { stdio: "pipe" });
  } catch (error) {
    return `no tmpfs can be mounted: ${messageOf(error)}`;
  }
  const ballast = join(folder, "ballast");
  return {
    fill: ({ pagesLeft } = { pagesLeft: 0 }) => {
      fillUp(ballast);
      truncateSync(ballast, statSync(ballast).size - pagesLeft * 4_096);
    },
    free: () => {
      rmSync(ballast, { force: true });
    },
    remove: () => {
      // Detached at once, gone with the last process that has a file of it open.
      execFileSync("umount", ["--lazy", folder], { stdio: "pipe" });
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
