/** Flips under load lose nothing. */

import { writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";

import { expect, test } from "vitest";

import { readIdentity } from "../../../infra/platforms/local/router/admin-client.ts";
import { askRouter, setRoutes, startRouter } from "../../../infra/platforms/local/router/client.ts";
import type { Reply } from "./support.ts";
import {
  call,
  keepAlive,
  onEnd,
  processDir,
  routesTo,
  specOf,
  startInstance,
  tempDir,
} from "./support.ts";

test("loses no GET and no POST while the router flips back and forth under load", async () => {
  const dir = processDir();
  const names = ["blue", "green"] as const;
  const answered = { blue: 0, green: 0 };
  const [blue, green] = await Promise.all(
    names.map((name) =>
      startInstance(name, (req, res) => {
        answered[name] += 1;
        req.pipe(res);
      }),
    ),
  );
  const attached = { blue: [blue?.address ?? ""], green: [green?.address ?? ""] };
  const { listen } = await startRouter(specOf(dir));
  await setRoutes(dir, routesTo("blue", attached));

  const agent = keepAlive(16);
  const total = 4000;
  let sent = 0;
  const failures: string[] = [];
  const worker = async () => {
    while (sent < total) {
      sent += 1;
      const body = sent % 2 === 0 ? `body ${sent}` : "";
      const options = body === "" ? {} : { method: "POST", body };
      const reply: Reply = await call(listen.port, { ...options, agent });
      if (reply.status !== 200 || reply.text !== body)
        failures.push(`${reply.status} ${reply.text}`);
    }
  };
  let flips = 0;
  const flipper = async () => {
    for (let generation = 2; sent < total; generation += 1) {
      const active = generation % 2 === 0 ? "green" : "blue";
      await setRoutes(dir, routesTo(active, attached, { generation }));
      flips += 1;
    }
  };
  await Promise.all([...Array.from({ length: 16 }, worker), flipper()]);

  expect(failures).toEqual([]);
  expect(flips).toBeGreaterThan(10);
  const { colors } = (await askRouter(dir)) ?? expect.fail("the router is gone");
  expect(colors.blue.live.requests + colors.green.live.requests).toBe(sent);
  expect(colors.blue.live.errors + colors.green.live.errors).toBe(0);
  expect(answered.blue + answered.green).toBe(sent);
  expect(Math.min(answered.blue, answered.green)).toBeGreaterThan(100);
});

test("sends every request that follows a confirmed flip to the new color", async () => {
  const dir = processDir();
  const blue = await startInstance("blue");
  const green = await startInstance("green");
  const attached = { blue: [blue.address], green: [green.address] };
  const { listen } = await startRouter(specOf(dir));
  const agent = keepAlive(1);
  for (let generation = 1; generation <= 30; generation += 1) {
    const active = generation % 2 === 0 ? "green" : "blue";
    await setRoutes(dir, routesTo(active, attached, { generation }));
    expect((await call(listen.port, { agent })).text).toBe(`${active} GET`);
  }
});

/** A folder that leads to the router of another one, and notes each call of its admin interface. */
function overheard(dir: string) {
  const calls: string[] = [];
  const identity = readIdentity(dir) ?? expect.fail("no router runs");
  const folder = tempDir();
  const socket = join(folder, "overheard.sock");
  const server = createServer((client) => {
    client.once("data", (text) => calls.push(text.toString().split(" HTTP")[0] ?? ""));
    const router = connect(identity.socket);
    client.pipe(router).pipe(client);
    for (const end of [client, router]) end.on("error", () => end.destroy());
  }).listen(socket);
  onEnd(() => server.close());
  writeFileSync(join(folder, "router.json"), JSON.stringify({ ...identity, socket }));
  return { folder, calls };
}

test("isn't asked again by a flip that knows what the router just said", async () => {
  const dir = processDir();
  const { address } = await startInstance("blue");
  const asked = await startRouter(specOf(dir));
  const { folder, calls } = overheard(dir);
  const flip = (generation: number, known: Parameters<typeof setRoutes>[2]) =>
    setRoutes(folder, routesTo("blue", { blue: [address] }, { generation }), known);
  expect((await flip(1, {})).routes.generation).toBe(1);
  expect(calls.splice(0)).toEqual(["GET /status", "PUT /routes"]);
  expect((await flip(2, { asked })).routes.generation).toBe(2);
  expect((await flip(3, { asked, ifGeneration: 2 })).routes.generation).toBe(3);
  expect(calls).toEqual(["PUT /routes", "PUT /routes"]);
  await expect(flip(4, { asked, ifGeneration: 2 })).rejects.toMatchObject({ code: "DRIFT" });
});
