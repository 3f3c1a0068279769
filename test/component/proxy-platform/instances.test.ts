/** Instances that are slow, out of reach or called by a name, behind the real servers. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { thisMachine } from "../../../infra/platforms/proxy/hosts/this-machine.ts";
import type { Host } from "../../../infra/platforms/proxy/host.ts";
import { ProxyRouter } from "../../../infra/platforms/proxy/router.ts";
import {
  call,
  describeDialects,
  describeWith,
  keepAlive,
  kill,
  onEnd,
  routesTo,
  startInstance,
  startedRouter,
} from "./support.ts";

/** As of a machine that is off the network: nothing is refused, and nothing is answered. */
async function startBlackHole(): Promise<string> {
  const script = `const server = require("net").createServer();
    server.listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => console.log(server.address().port));`;
  const child = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  onEnd(() => child.kill("SIGKILL"));
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  const port = Number(line.toString());
  kill(child.pid ?? 0, "SIGSTOP");
  // Until its queue is full, the system still connects for it.
  for (let each = 0; each < 20; each += 1) {
    if (!(await connects(port))) return `127.0.0.1:${port}`;
  }
  return expect.fail("it still takes connections");
}

async function connects(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  onEnd(() => socket.destroy());
  return Promise.race([once(socket, "connect").then(() => true), sleep(300).then(() => false)]);
}

describeDialects("a color's instances", (dialect) => {
  test("stay in rotation for everybody while some requests to them take too long", async () => {
    const { router, port } = await startedRouter(dialect, { timeoutMs: 400 });
    const half = () =>
      startInstance("half", (req, res) => {
        req.resume();
        if (req.url !== "/slow") res.end("quick");
      });
    const [one, two] = [await half(), await half()];
    await router.setRoutes(routesTo("blue", { blue: [one.address, two.address] }));
    const slow = await Promise.all(Array.from({ length: 8 }, () => call(port, { path: "/slow" })));
    expect(slow.map(({ status }) => status)).toEqual(Array<number>(8).fill(504));
    const agent = keepAlive(1);
    for (let each = 0; each < 30; each += 1) {
      expect(await call(port, { agent })).toMatchObject({ status: 200, text: "quick" });
    }
    // None of the slow ones was carried out twice.
    expect(one.answered() + two.answered()).toBe(8 + 30);
  });

  test("give way to the next when one is off the network, whatever the request", async () => {
    const { router, port } = await startedRouter(dialect);
    const [one, hole] = [await startInstance("one"), await startBlackHole()];
    await router.setRoutes(routesTo("blue", { blue: [one.address, hole] }));
    const requests = Array.from({ length: 12 }, (_, index) =>
      call(port, index % 2 === 0 ? {} : { method: "POST", body: "text" }),
    );
    const began = performance.now();
    const replies = await Promise.all(requests);
    expect(replies.map(({ status }) => status)).toEqual(Array<number>(12).fill(200));
    expect(performance.now() - began).toBeLessThan(4_500);
    expect(one.answered()).toBe(12);
  });
});

describeWith(["nginx"], "nginx: connections to instances", () => {
  async function withOpenRequest(host: Host = thisMachine) {
    const { spec, port } = await startedRouter("nginx", {}, thisMachine);
    const router = new ProxyRouter(spec, host);
    const arrived = Promise.withResolvers<() => void>();
    const slow = await startInstance("slow", (req, res) => {
      req.resume();
      arrived.resolve(() => res.end("done"));
    });
    const named = slow.address.replace("127.0.0.1", "localhost");
    await router.setRoutes(routesTo("blue", { blue: [named] }));
    const reply = call(port);
    const end = await arrived.promise;
    const { traffic, problems } = await router.read();
    end();
    expect((await reply).text).toBe("done");
    return { traffic, problems: problems.join() };
  }

  test("that has a name are counted by the addresses of that name", async () => {
    const { traffic, problems } = await withOpenRequest();
    expect(traffic).toMatchObject({ kind: "counted", colors: { blue: { open: 1 } } });
    expect(problems).toBe("");
  });

  test("that has an unknown name, or that runs elsewhere, aren't taken for none", async () => {
    const nameless: Host = {
      ...thisMachine,
      run: (argv, options) => thisMachine.run(argv[0] === "getent" ? ["false"] : argv, options),
    };
    const unknown = await withOpenRequest(nameless);
    expect(unknown.traffic).toEqual({ kind: "unknown" });
    expect(unknown.problems).toMatch(/can't be counted: .* the addresses of localhost/);
    const outside: Host = {
      ...thisMachine,
      read: (path) =>
        path.startsWith("/proc/net/") ? Promise.resolve("") : thisMachine.read(path),
    };
    const contained = await withOpenRequest(outside);
    expect(contained.traffic).toEqual({ kind: "unknown" });
    expect(contained.problems).toMatch(/can't be counted: .* in a container/);
  });
});
