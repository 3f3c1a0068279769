/** Requests that a client sends before the former ones are answered, and who is left behind. */

import { expect, onTestFinished, test } from "vitest";

import type { RawClient } from "./support.ts";
import { call, openOf, rawClient, routesTo, startHere, startInstance, until } from "./support.ts";

const slowHead = "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n";
const upgradeHead = "GET /x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: own/1\r\n\r\n";

/** A router to an instance that answers `/slow` when the test says so. */
async function slowRouter() {
  const finish: (() => void)[] = [];
  const instance = await startInstance("blue", (req, res) => {
    if (req.url === "/slow") finish.push(() => res.end("slow"));
    else res.end("fast");
  });
  const { router, port } = await startHere();
  await router.setRoutes({ routes: routesTo("blue", { blue: [instance.address] }) });
  const uncaught: unknown[] = [];
  const note = (error: unknown) => uncaught.push(error);
  process.on("uncaughtException", note);
  onTestFinished(() => {
    process.off("uncaughtException", note);
  });
  return { router, port, finish, uncaught };
}

test("answers an upgrade behind an unanswered request as an ordinary request", async () => {
  const { router, port, finish, uncaught } = await slowRouter();
  const client = rawClient(port, slowHead + upgradeHead);
  await until("the first at the instance", () => finish.length === 1);
  finish[0]?.();
  await until("both replies", () => client.received().includes("fast"));
  expect(client.received().match(/HTTP\/1\.1 200 OK/g)).toHaveLength(2);
  expect(client.received()).toMatch(/slow[\s\S]*fast/);
  client.socket.destroy();
  await until("nothing open", () => openOf(router.status(), "blue") === 0);
  expect(uncaught).toEqual([]);
});

const leavings: { name: string; leave: (client: RawClient) => unknown }[] = [
  { name: "leaves", leave: (client) => client.socket.destroy() },
  { name: "is reset", leave: (client) => client.socket.resetAndDestroy() },
  {
    name: "asks for a tunnel",
    leave: (client) => client.socket.write("CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n"),
  },
];

test.each(leavings)("forgets all requests of a client that $name meanwhile", async ({ leave }) => {
  const { router, port, finish, uncaught } = await slowRouter();
  const client = rawClient(port, slowHead + slowHead + slowHead);
  await until("all at the instance", () => finish.length === 3);
  leave(client);
  await until("nothing open", () => openOf(router.status(), "blue") === 0, 2000);
  expect(router.status().colors.blue.live).toMatchObject({ abandoned: 3, errors: 0 });
  expect((await call(port)).text).toBe("fast");
  expect(uncaught).toEqual([]);
});
