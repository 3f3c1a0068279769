/** What requests meet behind the real servers. */

import { expect, test } from "vitest";
import { weightsOf } from "../../../infra/model.ts";
import { thisMachine } from "../../../infra/platforms/proxy/hosts/this-machine.ts";
import { ProxyRouter } from "../../../infra/platforms/proxy/router.ts";
import {
  call,
  describeDialects,
  freePort,
  keepAlive,
  routesTo,
  startColors,
  startInstance,
  startedRouter,
} from "./support.ts";

describeDialects("a router", (dialect) => {
  test("is inactive at first: 503, with the time to try again, and counts nothing", async () => {
    const { router, port } = await startedRouter(dialect);
    const reply = await call(port);
    expect(reply).toMatchObject({ status: 503, text: "bluegreen: no color is active\n" });
    expect(reply.headers["retry-after"]).toBe("1");
    expect(reply.headers).not.toHaveProperty("x-bluegreen-color");
    expect(await router.read()).toMatchObject({
      weights: weightsOf(null),
      generation: 0,
      mark: null,
      problems: [],
      traffic: { kind: "counted", colors: { blue: { requests: 0 }, green: { requests: 0 } } },
    });
  });

  test("sends all requests to the active color, by name, there and back", async () => {
    const { router, port } = await startedRouter(dialect);
    const { blue, green } = await startColors();
    const attached = { blue: [blue.address], green: [green.address] };
    const agent = keepAlive(1);
    for (const color of ["blue", "green", "blue"] as const) {
      const routes = routesTo(color, attached);
      await router.setRoutes(routes);
      for (const each of [agent, undefined]) {
        const reply = await call(port, each === undefined ? {} : { agent: each });
        expect(reply).toMatchObject({ status: 200, text: color });
        expect(reply.headers["x-bluegreen-color"]).toBe(color);
      }
      const { weights, generation, rolloutId, attached: known } = await router.read();
      expect({ weights, generation, rolloutId }).toEqual({
        weights: weightsOf(color),
        generation: routes.generation,
        rolloutId: routes.rolloutId,
      });
      expect(known).toEqual(attached);
    }
    await router.setRoutes(routesTo(null, attached));
    expect((await call(port)).status).toBe(503);
  });

  test("lets the preview header reach the idle color, and counts that apart", async () => {
    const { router, port } = await startedRouter(dialect);
    const { blue, green } = await startColors();
    await router.setRoutes(routesTo("blue", { blue: [blue.address], green: [green.address] }));
    const headers = { "x-bluegreen-preview": "green" };
    const reply = await call(port, { headers });
    expect(reply).toMatchObject({ status: 200, text: "green" });
    expect(reply.headers["x-bluegreen-color"]).toBe("green");
    expect((await call(port)).text).toBe("blue");
    const odd = await call(port, { headers: { "x-bluegreen-preview": "red" } });
    expect(odd.status).toBe(400);
    const { traffic } = await router.read();
    expect(traffic).toMatchObject({
      colors: { blue: { requests: 1 }, green: { requests: 0, lastRequestAt: null } },
    });
  });

  test("answers 503 for the preview of a color without instances", async () => {
    const { router, port } = await startedRouter(dialect);
    const { blue } = await startColors();
    await router.setRoutes(routesTo("blue", { blue: [blue.address] }));
    expect((await call(port, { headers: { "x-bluegreen-preview": "green" } })).status).toBe(503);
    await expect(
      router.setRoutes(routesTo("green", { blue: [blue.address] })),
    ).rejects.toMatchObject({ code: "COLOR_EMPTY" });
    expect((await call(port)).text).toBe("blue");
  });

  test("counts requests and failures of each color exactly", async () => {
    const { router, port } = await startedRouter(dialect);
    const bad = await startInstance("bad", (req, res) => {
      res.statusCode = req.url === "/bad" ? 500 : 200;
      res.end();
    });
    const agent = keepAlive(4);
    await router.setRoutes(routesTo("green", { green: [bad.address] }));
    const began = Date.now();
    for (let each = 0; each < 20; each += 1) {
      await call(port, { agent, path: each % 4 === 0 ? "/bad" : "/" });
    }
    // A request is counted when it has ended, which may be after its reply has arrived.
    const green = async () => {
      const { traffic } = await router.read();
      return traffic.kind === "counted" ? traffic.colors.green : null;
    };
    await expect.poll(green).toMatchObject({ requests: 20, errors: 5 });
    const { traffic } = await router.read();
    if (traffic.kind === "unknown") return expect.fail("it doesn't count");
    expect(traffic.colors.blue).toMatchObject({ requests: 0, errors: 0, open: 0 });
    const last = Date.parse(traffic.colors.green.lastRequestAt ?? "");
    expect(last).toBeGreaterThan(began - 2_000);
    expect(last).toBeLessThan(Date.now() + 2_000);
  });

  test("shares requests by weights, on steps only", async () => {
    const { router, port } = await startedRouter(dialect);
    const { blue, green } = await startColors();
    const attached = { blue: [blue.address], green: [green.address] };
    const agent = keepAlive(8);
    const sent = 1_000;
    for (const share of [10, 75]) {
      await router.setRoutes(routesTo({ blue: share, green: 100 - share }, attached));
      const before = blue.answered();
      await Promise.all(
        Array.from({ length: 8 }, async () => {
          for (let each = 0; each < sent / 8; each += 1) await call(port, { agent });
        }),
      );
      // Seven standard deviations: once in 10^11 runs it lies outside.
      const bound = 7 * Math.sqrt((sent * share * (100 - share)) / 10_000);
      expect(Math.abs(blue.answered() - before - (sent * share) / 100)).toBeLessThan(bound);
      expect((await router.read()).weights).toEqual({ blue: share, green: 100 - share });
    }
    const between = router.setRoutes(routesTo({ blue: 33, green: 67 }, attached));
    await expect(between).rejects.toMatchObject({ code: "USAGE" });
  });

  test("keeps a client with its cookie in place while weights rise, but not across a flip", async () => {
    const { router, port } = await startedRouter(dialect, { cookie: "place" });
    const { blue, green } = await startColors();
    const attached = { blue: [blue.address], green: [green.address] };
    await router.setRoutes(routesTo({ blue: 50, green: 50 }, attached));
    const cookies = new Set<string>();
    const homes = new Map<string, string>();
    for (let each = 0; each < 20; each += 1) {
      const { headers, text } = await call(port);
      const cookie = /^place=[^;]+/.exec(headers["set-cookie"]?.[0] ?? "")?.[0] ?? "";
      expect(cookie).not.toBe("");
      cookies.add(cookie);
      homes.set(cookie, text);
    }
    const ask = async (cookie: string) => call(port, { headers: { cookie } });
    for (const cookie of cookies) {
      const again = await ask(cookie);
      expect(again.text).toBe(homes.get(cookie));
      expect(again.headers["set-cookie"]).toBeUndefined();
    }
    await router.setRoutes(routesTo({ blue: 75, green: 25 }, attached));
    for (const cookie of cookies) {
      if (homes.get(cookie) === "blue") expect((await ask(cookie)).text).toBe("blue");
    }
    await router.setRoutes(routesTo("green", attached));
    for (const cookie of cookies) expect((await ask(cookie)).text).toBe("green");
    const forged = await call(port, { headers: { cookie: `place="; x` } });
    expect(forged).toMatchObject({ status: 200, text: "green" });
  });

  test("tells instances who the client is, and hides no header of theirs", async () => {
    const { router, port } = await startedRouter(dialect);
    const blue = await startInstance("blue", (req, res) => {
      res.setHeader("x-own", "1");
      res.setHeader("x-bluegreen-color", "forged");
      res.end(JSON.stringify(req.headers));
    });
    await router.setRoutes(routesTo("blue", { blue: [blue.address] }));
    const direct = await call(port, { headers: { host: "shop.example" } });
    expect(JSON.parse(direct.text)).toMatchObject({
      host: "shop.example",
      "x-forwarded-for": "127.0.0.1",
      "x-forwarded-host": "shop.example",
      "x-forwarded-proto": "http",
    });
    expect(direct.headers).toMatchObject({ "x-own": "1", "x-bluegreen-color": "blue" });
    const headers = { "x-forwarded-for": "10.1.1.1", "x-forwarded-proto": "https" };
    const behind = JSON.parse((await call(port, { headers })).text) as Record<string, string>;
    expect(behind["x-forwarded-for"]?.replace(" ", "")).toBe("10.1.1.1,127.0.0.1");
    expect(behind["x-forwarded-proto"]).toBe("https");
  });

  test("sets its cookie only while shares split the clients, and over HTTPS for HTTPS", async () => {
    const { router, port } = await startedRouter(dialect, { cookie: "place" });
    const { blue, green } = await startColors();
    const attached = { blue: [blue.address], green: [green.address] };
    const cookieOf = async (headers: Readonly<Record<string, string>> = {}) =>
      (await call(port, { headers })).headers["set-cookie"]?.join();
    for (const share of [100, 0]) {
      await router.setRoutes(routesTo({ blue: share, green: 100 - share }, attached));
      expect(await cookieOf()).toBeUndefined();
    }
    for (const share of [1, 10, 99]) {
      await router.setRoutes(routesTo({ blue: share, green: 100 - share }, attached));
      const form = /^place=[0-9a-f]+; Path=\/; HttpOnly; SameSite=Lax$/;
      expect(await cookieOf()).toMatch(form);
      expect(await cookieOf({ "x-forwarded-proto": "http" })).toMatch(form);
      expect(await cookieOf({ "x-forwarded-proto": "https" })).toMatch(/; SameSite=Lax; Secure$/);
    }
    await router.setRoutes(routesTo(null, attached));
    expect(await cookieOf()).toBeUndefined();
  });

  test("passes on large headers of a request and of a reply", async () => {
    const { router, port } = await startedRouter(dialect);
    const blue = await startInstance("blue", (req, res) => {
      res.setHeader("x-large", "y".repeat(12_000));
      res.end(String(req.headers["x-large"]?.length));
    });
    await router.setRoutes(routesTo("blue", { blue: [blue.address] }));
    const reply = await call(port, { headers: { "x-large": "z".repeat(12_000) } });
    expect(reply).toMatchObject({ status: 200, text: "12000" });
    expect(reply.headers["x-large"]).toHaveLength(12_000);
  });

  test("that listens everywhere answers IPv4 and IPv6", async () => {
    const { router, port } = await startedRouter(dialect, { host: "::" });
    const { blue } = await startColors();
    await router.setRoutes(routesTo("blue", { blue: [blue.address] }));
    for (const host of ["127.0.0.1", "[::1]"]) {
      const reply = await fetch(`http://${host}:${port}/`, { signal: AbortSignal.timeout(5_000) });
      expect(await reply.text()).toBe("blue");
    }
  });

  test("goes on with the other instance of a color when one is gone", async () => {
    const { router, port } = await startedRouter(dialect);
    const [one, two] = [await startInstance("one"), await startInstance("two")];
    await router.setRoutes(routesTo("blue", { blue: [one.address, two.address] }));
    await one.stop();
    const agent = keepAlive(2);
    for (let each = 0; each < 20; each += 1) {
      expect(await call(port, { agent })).toMatchObject({ status: 200, text: "two" });
    }
  });

  test("sets the same routes again without touching anything", async () => {
    const { router } = await startedRouter(dialect);
    const { blue } = await startColors();
    const routes = routesTo("blue", { blue: [blue.address] });
    await router.setRoutes(routes);
    const before = await router.read();
    await router.setRoutes(routes);
    await router.start();
    expect(await router.read()).toEqual(before);
  });

  test("keeps a mark with its routes, and the next routes clear it", async () => {
    const { router } = await startedRouter(dialect);
    const { blue, green } = await startColors();
    const attached = { blue: [blue.address], green: [green.address] };
    await router.setRoutes(routesTo("green", attached));
    const at = "2030-01-01T00:00:00.000Z";
    const pin = { digest: "d", version: "2", reason: `"}; \n #$`, by: "ann", at, until: null };
    const mark = { generation: 99, at, by: "ann", reason: "slow\nand 'odd'", pin };
    const former = "green" as const;
    const direct = { weights: weightsOf("blue"), generation: 99, rolloutId: "back", mark, former };
    await router.flip(direct);
    expect(await router.read()).toMatchObject({ ...direct, attached });
    await router.setRoutes(routesTo("blue", attached, { generation: 99 }));
    expect((await router.read()).mark).toBeNull();
  });

  test("refuses a write that comes too late, unless it undoes that very generation", async () => {
    const { router } = await startedRouter(dialect);
    const { blue, green } = await startColors();
    const attached = { blue: [blue.address], green: [green.address] };
    await router.setRoutes(routesTo("blue", attached, { generation: 5 }));
    const late = routesTo("green", attached, { generation: 4 });
    await expect(router.setRoutes(late)).rejects.toMatchObject({ code: "DRIFT" });
    await expect(router.flip(late)).rejects.toMatchObject({ code: "DRIFT" });
    await expect(router.flip({ ...late, replaces: 3 })).rejects.toMatchObject({ code: "DRIFT" });
    expect(await router.read()).toMatchObject({ weights: weightsOf("blue"), generation: 5 });
    await router.flip({ ...late, replaces: 5 });
    expect(await router.read()).toMatchObject({ weights: weightsOf("green"), generation: 4 });
  });

  test("reads a router that doesn't run as nothing, and flips only one that runs", async () => {
    const { router, port } = await startedRouter(dialect);
    await router.stop();
    const { weights, problems, traffic } = await router.read();
    expect({ weights, traffic }).toEqual({ weights: null, traffic: { kind: "unknown" } });
    expect(problems.join()).toMatch(/can't be asked/);
    const stamp = { generation: 1, rolloutId: "r", mark: null, former: null };
    const direct = { weights: weightsOf("blue"), ...stamp };
    await expect(router.flip(direct)).rejects.toMatchObject({ code: "ROUTER_DOWN" });
    await expect(call(port)).rejects.toThrow(/ECONNREFUSED/);
  });

  test("refuses a port that another process has, and leaves that alone", async () => {
    const other = await startInstance("other");
    const port = Number(other.address.split(":")[1]);
    await expect(startedRouter(dialect, { port })).rejects.toMatchObject({ code: "PORT_IN_USE" });
    expect((await call(port)).text).toBe("other");
  });

  test("says which program is missing", async () => {
    const program = "/nonexistent/server";
    await expect(startedRouter(dialect, { program })).rejects.toThrow(/nonexistent.*can't be run/);
  });

  test("moves to another port by a reload, with its routes", async () => {
    const { router, spec } = await startedRouter(dialect);
    const { blue } = await startColors();
    await router.setRoutes(routesTo("blue", { blue: [blue.address] }));
    const moved = { ...spec, port: await freePort() };
    await new ProxyRouter(moved, thisMachine).start();
    expect((await call(moved.port)).text).toBe("blue");
  });
});
