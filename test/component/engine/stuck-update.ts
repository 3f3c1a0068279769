/** A driver of its own whose update never ends: killed in the middle, it leaves a lock. */
import { writeFile } from "node:fs/promises";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { LocalWorkspace } from "@pulumi/pulumi/automation/index.js";

const [workDir, runningFile] = process.argv.slice(2);
if (workDir === undefined || runningFile === undefined) throw new Error("usage: FOLDER FILE");

const minuteMs = 60_000;
const stack = await LocalWorkspace.createOrSelectStack(
  {
    projectName: "stuck",
    stackName: "dev",
    program: async () => {
      await writeFile(runningFile, "");
      await sleep(minuteMs);
    },
  },
  { workDir },
);
await stack.up({ showSecrets: false });
