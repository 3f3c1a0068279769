/** Knocking at a port: somebody listens, nobody does, or nothing is heard in time. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { knock } from "../../infra/knock.ts";
import { endProcesses } from "../support/project/processes.ts";

const host = "127.0.0.1";

/** A port with a server, and what ends that. */
async function listen(): Promise<{ readonly port: number; readonly close: () => Promise<void> }> {
  const server = createServer().listen({ host, port: 0 });
  await once(server, "listening");
  const close = async (): Promise<void> => {
    server.close();
    await once(server, "close");
  };
  return { port: (server.address() as AddressInfo).port, close };
}

/** Its process is stopped, so that it takes no more than what fits its queue. */
async function portOfStopped(): Promise<number> {
  const listening =
    "const server = require('node:net').createServer();" +
    "server.listen({ host: '127.0.0.1', port: 0, backlog: 1 }, () => {" +
    "console.log(server.address().port); });";
  const { pid = 0, stdout } = spawn(process.execPath, ["-e", listening], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  onTestFinished(() => endProcesses([pid]));
  const [port] = (await once(stdout, "data")) as [Buffer];
  process.kill(pid, "SIGSTOP");
  return Number(port.toString());
}

test("somebody who listens is heard", async () => {
  const { port, close } = await listen();
  onTestFinished(close);
  expect(await knock({ host, port })).toBe("open");
});

test("a port at which nobody listens is closed", async () => {
  const { port, close } = await listen();
  await close();
  expect(await knock({ host, port })).toBe("closed");
});

test("somebody who is stopped is silent, for no longer than one waits", async () => {
  const port = await portOfStopped();
  const heard: string[] = [];
  while (!heard.includes("silent") && heard.length < 20) {
    heard.push(await knock({ host, port, withinMs: 200 }));
  }
  expect(heard.at(-1)).toBe("silent");
  expect(heard).not.toContain("closed");
});
