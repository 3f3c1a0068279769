/**
 * Run as a process of its own: installs the Pulumi CLI by the official installer, through the
 * Automation API, which can't be interrupted. Argument: the folder. The version is the SDK's.
 */
import { PulumiCommand } from "@pulumi/pulumi/automation/index.js";

/** Offline must cost seconds: this is how long the installer's own server has to answer. */
const reachLimitMs = 4_000;
const installerUrl = "https://get.pulumi.com/install.sh";

const [root] = process.argv.slice(2);
if (root === undefined) throw new Error("usage: FOLDER");

try {
  await fetch(installerUrl, { method: "HEAD", signal: AbortSignal.timeout(reachLimitMs) });
  await PulumiCommand.install({ root });
} catch (error) {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : "";
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`${[message, cause].filter(Boolean).join(": ")}\n`);
  process.exitCode = 1;
}
