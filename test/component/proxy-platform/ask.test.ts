/** A question to a server of this machine that answers too slowly, or without an end. */

import { createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";

import { afterEach, expect, test } from "vitest";

import { thisMachine } from "../../../infra/platforms/proxy/hosts/this-machine.ts";

const ends: (() => void)[] = [];

afterEach(() => {
  for (const end of ends.splice(0)) end();
});

async function serverThat(answers: (socket: Socket) => void): Promise<`127.0.0.1:${number}`> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    answers(socket);
  });
  ends.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test("what ends in time is the reply", async () => {
  const address = await serverThat((socket) => {
    socket.write("a");
    setTimeout(() => socket.end("b"), 50);
  });
  expect(await thisMachine.ask(address, "?", 5_000)).toBe("ab");
});

test("a byte now and then doesn't stretch a reply for ever", async () => {
  const address = await serverThat((socket) => {
    const timer = setInterval(() => socket.write("."), 20);
    ends.push(() => {
      clearInterval(timer);
    });
  });
  await expect(thisMachine.ask(address, "?", 100)).rejects.toMatchObject({
    name: "NoAnswer",
    message: expect.stringContaining("not done within 500 ms") as string,
  });
});

test("a reply without an end is cut at a bound", async () => {
  const block = "x".repeat(1_000_000);
  const address = await serverThat((socket) => {
    const more = (): void => {
      if (!socket.destroyed) socket.write(block, more);
    };
    more();
  });
  await expect(thisMachine.ask(address, "?", 60_000)).rejects.toMatchObject({
    name: "NoAnswer",
    message: expect.stringContaining("more than") as string,
  });
});
