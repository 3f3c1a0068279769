/** A command whose reader leaves goes on with its work; one that only shows something ends. */

import assert from "node:assert";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";

const command = join(import.meta.dirname, "../../../automation/command.ts");

interface Given {
  readonly endless?: boolean;
  readonly json?: boolean;
  /** Runs in the command, until it is stopped where it is endless. */
  readonly work: string;
}

/** Reads one chunk of the stream and closes it, as `head` does. */
async function leftByItsReader(stream: "stdout" | "stderr", given: Given) {
  const { endless = false, json = false, work } = given;
  const code = `
    import { setTimeout as sleep } from "node:timers/promises";
    import { runCommand } from ${JSON.stringify(pathToFileURL(command).href)};
    const options = { stack: "dev", cwd: ".", yes: true, color: false, verbose: false };
    const note = (context, sentence) => context.reporter.on({ kind: "Noted", sentence });
    process.exit(await runCommand("test", { ...options, json: ${String(json)} }, async (context) => {
      ${work}
    }, { endless: ${String(endless)} }));`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", code], {
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  const read = child[stream];
  const other = stream === "stdout" ? child.stderr : child.stdout;
  assert(read && other, "both are pipes");
  let said = "";
  other.on("data", (chunk: Buffer) => {
    said += String(chunk);
  });
  const messages: unknown[] = [];
  child.on("message", (message) => messages.push(message));
  const ended = once(child, "close");
  await once(read, "data");
  read.destroy();
  const [exit] = (await ended) as [number | null];
  return { exit, messages, said };
}

/** Prints for a second, then says on a way of its own that it has come to its end. */
const steps = `
  for (let step = 0; step < 20; step += 1) {
    note(context, "step " + step);
    await sleep(20);
  }
  await new Promise((resolve) => process.send("all done", resolve));`;

describe("a command whose reader has left", () => {
  test("goes on to its end with its own exit code", async () => {
    const { exit, messages } = await leftByItsReader("stderr", { work: steps });
    expect({ exit, messages }).toEqual({ exit: 0, messages: ["all done"] });
  });

  test("goes on as well where its events were read, and leaves no stack trace", async () => {
    const { exit, messages, said } = await leftByItsReader("stdout", { work: steps, json: true });
    expect({ exit, messages, said }).toEqual({ exit: 0, messages: ["all done"], said: "" });
  });

  test("ends where it only shows something until it is stopped", async () => {
    const work = `
      while (!context.interrupted()) {
        context.print({ text: "status", data: {} });
        await sleep(20);
      }`;
    expect(await leftByItsReader("stdout", { endless: true, work })).toMatchObject({ exit: 0 });
  });
});
