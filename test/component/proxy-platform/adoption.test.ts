/** Existing servers with one upstream of their own are taken over, and lose nothing by it. */

import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { weightsOf } from "../../../infra/model.ts";
import { accessOf } from "../../../infra/platforms/proxy/access.ts";
import { diagnoseAdoption } from "../../../infra/platforms/proxy/adoption-check.ts";
import { thisMachine } from "../../../infra/platforms/proxy/hosts/this-machine.ts";
import { remediesOf } from "../../../infra/platforms/proxy/remedy.ts";
import { ProxyRouter } from "../../../infra/platforms/proxy/router.ts";
import { filesOf } from "../../../infra/platforms/proxy/spec.ts";
import { cutWhileTesting } from "./interruption.ts";
import { startTheirs } from "./theirs.ts";
import { call, describeDialects, routesTo, startColors } from "./support.ts";

describeDialects("a server that serves already", (dialect) => {
  test("is adopted and flipped without a failed request", async () => {
    const { blue, green } = await startColors();
    const attached = { blue: [blue.address], green: [green.address] };
    const { spec, port, include } = await startTheirs(dialect, blue);
    const router = new ProxyRouter(spec, thisMachine);
    const { failures, ended, colors } = await asking(port, async () => {
      await router.start();
      const first = router.setRoutes(routesTo("blue", attached));
      await expect(first).rejects.toMatchObject({
        message: expect.stringMatching(/isn't adopted yet/) as string,
        details: expect.arrayContaining([
          expect.stringContaining(filesOf(spec).config),
        ]) as string[],
      });
      include();
      await router.start();
      await router.setRoutes(routesTo(null, attached));
      expect(await router.read()).toMatchObject({
        weights: weightsOf(null),
        attached: { blue: [], green: [] },
        problems: [`${dialect} doesn't hand its requests over yet`],
      });
      await router.setRoutes(routesTo("blue", attached));
      expect((await router.read()).weights).toEqual(weightsOf("blue"));
      await router.setRoutes(routesTo("green", attached));
    });
    expect(failures).toEqual([]);
    expect(ended).toBeGreaterThan(50);
    expect(colors).toEqual(["blue", "green"]);
    const reply = await call(port);
    expect(reply).toMatchObject({ status: 200, text: "green" });
    expect(reply.headers).toMatchObject({ "x-theirs": "1", "x-bluegreen-color": "green" });
    await router.stop();
    expect((await call(port)).text).toBe("green");
  }, 60_000);

  test("that refuses a file of somebody else says which, and serves on", async () => {
    const { blue, green } = await startColors();
    const { spec, port, other, include } = await startTheirs(dialect, blue);
    include();
    const router = new ProxyRouter(spec, thisMachine);
    await router.start();
    await router.setRoutes(routesTo("blue", { blue: [blue.address] }));
    writeFileSync(other, "\nnonsense here;\n");
    const before = readFileSync(filesOf(spec).config, "utf8");
    const attached = { blue: [blue.address], green: [green.address] };
    const routes = router.setRoutes(routesTo("blue", attached));
    await expect(routes).rejects.toMatchObject({
      message: expect.stringMatching(
        /refuses its configuration in .*(other\.conf|2\.cfg), line 2: .*nonsense/,
      ) as string,
      hint: expect.stringMatching(/isn't bluegreen's/) as string,
    });
    expect(readFileSync(filesOf(spec).config, "utf8")).toBe(before);
    expect((await call(port)).text).toBe("blue");
    expect(await router.read()).toMatchObject({ weights: weightsOf("blue"), problems: [] });
    await router.setRoutes(routesTo(null, { blue: [blue.address] }));
    expect((await call(port)).status).toBe(503);
  });

  test("gets its former file back when a command was killed before the new one was tested", async () => {
    const { blue } = await startColors();
    const { spec, port, include } = await startTheirs(dialect, blue);
    include();
    const router = new ProxyRouter(spec, thisMachine);
    await router.start();
    const routes = routesTo("blue", { blue: [blue.address] });
    await router.setRoutes(routes);
    const before = readFileSync(filesOf(spec).config, "utf8");
    const attached = { blue: ["no-such-host.invalid:80"] };
    await cutWhileTesting(spec, (other) => other.setRoutes(routesTo("blue", attached)));
    expect(readFileSync(filesOf(spec).config, "utf8")).not.toBe(before);
    await router.start();
    expect(readFileSync(filesOf(spec).config, "utf8")).toBe(before);
    const [program = "", ...words] = spec.check ?? [];
    expect(spawnSync(program, words).status).toBe(0);
    expect(await router.read()).toMatchObject({
      ...{ weights: weightsOf("blue"), attached: { blue: [blue.address], green: [] } },
      problems: [],
    });
    expect((await call(port)).text).toBe("blue");
  });

  test("isn't reloaded for a file that it doesn't include, and once for one that it does", async () => {
    const { blue } = await startColors();
    const { spec, include } = await startTheirs(dialect, blue);
    const log = join(spec.dir, "reloads");
    const [program = "", ...words] = spec.reload;
    const reload = ["sh", "-c", `echo >> ${log}; exec "$@"`, "sh", program, ...words];
    const router = new ProxyRouter({ ...spec, reload }, thisMachine);
    const reloads = () => (existsSync(log) ? readFileSync(log, "utf8").length : 0);
    await router.start();
    const routes = routesTo("blue", { blue: [blue.address] });
    await expect(router.setRoutes(routes)).rejects.toThrow(/isn't adopted yet/);
    // A HAProxy's command line doesn't tell all of its files.
    if (dialect === "nginx") expect(reloads()).toBe(0);
    include();
    const before = reloads();
    await router.setRoutes(routes);
    const expected = dialect === "nginx" ? [1] : [1, 2, 3];
    expect(expected).toContain(reloads() - before);
  }, 60_000);

  test("that reads its file before the next command serves the release that lies ready there", async () => {
    const { blue } = await startColors();
    const { spec, port, other, include, end } = await startTheirs(dialect, blue);
    const router = new ProxyRouter(spec, thisMachine);
    await router.start();
    const theirs = readFileSync(other, "utf8");
    writeFileSync(other, "\nnonsense here;\n");
    const sick = await diagnoseAdoption(accessOf(spec, thisMachine));
    expect(sick[1]).toMatchObject({
      level: "problem",
      sentence: expect.stringMatching(/^a restart would fail: .*line 2: .*nonsense/) as string,
    });
    writeFileSync(other, theirs);
    const first = await diagnoseAdoption(accessOf(spec, thisMachine));
    expect(first[1]?.sentence).toMatch(/step 1: run `bluegreen deploy`.* answers 503/);
    const routes = routesTo("blue", { blue: [blue.address] });
    await expect(router.setRoutes(routes)).rejects.toThrow(/isn't adopted yet/);
    const next = await diagnoseAdoption(accessOf(spec, thisMachine));
    expect(next.map(({ sentence }) => sentence).join()).not.toMatch(/503/);
    const { failures } = await asking(port, async () => {
      include();
      const [program = "", ...words] = spec.reload;
      expect(spawnSync(program, words).status).toBe(0);
      const color = async () => (await call(port)).headers["x-bluegreen-color"];
      await expect.poll(color, { timeout: 5_000 }).toBe("blue");
    });
    expect(failures).toEqual([]);
    await router.setRoutes(routes);
    expect(await router.read()).toMatchObject({ weights: weightsOf("blue"), problems: [] });
    end();
    await expect.poll(() => router.read()).toMatchObject({ weights: null });
  }, 60_000);

  test("that reads its file before it holds a release is a problem, and a deploy ends it", async () => {
    const { blue } = await startColors();
    const { spec, port, include } = await startTheirs(dialect, blue);
    const router = new ProxyRouter(spec, thisMachine);
    await router.start();
    include();
    const [program = "", ...words] = spec.reload;
    // HAProxy misses a signal while it is still busy with its start.
    const reloaded = async () => {
      expect(spawnSync(program, words).status).toBe(0);
      return (await call(port)).status;
    };
    await expect.poll(reloaded, { timeout: 10_000, interval: 500 }).toBe(503);
    const facts = await router.read();
    const problem = `no color is active: your ${dialect} answers 503 to every request that it hands over`;
    expect(facts.problems[0]).toBe(problem);
    const advice = /run `bluegreen deploy`; .* your own (upstream|backend) shop/;
    expect(remediesOf(spec, facts)[0]).toMatch(advice);
    await router.setRoutes(routesTo("blue", { blue: [blue.address] }));
    expect((await call(port)).text).toBe("blue");
    expect((await router.read()).problems).not.toContain(problem);
  }, 30_000);

  test("is told apart when its own reload fails", async () => {
    const { blue, green } = await startColors();
    const { spec, include } = await startTheirs(dialect, blue);
    include();
    const router = new ProxyRouter(spec, thisMachine);
    await router.start();
    await router.setRoutes(routesTo("blue", { blue: [blue.address] }));
    const reload = ["sh", "-c", "echo no rights >&2; exit 3"];
    const stuck = new ProxyRouter({ ...spec, reload }, thisMachine);
    const attached = { blue: [blue.address], green: [green.address] };
    await expect(stuck.setRoutes(routesTo("blue", attached))).rejects.toMatchObject({
      message: expect.stringMatching(/reload of .* failed with 3/) as string,
      details: ["no rights"],
    });
    const { weights, problems } = await router.read();
    expect(weights).toEqual(weightsOf("blue"));
    expect(problems.join()).toMatch(/runs another configuration/);
    await router.setRoutes(routesTo("green", attached));
    expect((await router.read()).problems).toEqual([]);
  });
});

/** Requests on fresh connections, and POSTs, while something is done. */
async function asking(port: number, work: () => Promise<void>) {
  const state = { ended: 0, isOver: false };
  const failures: string[] = [];
  const colors = new Set<string>();
  const clients = Array.from({ length: 4 }, async (_, index) => {
    while (!state.isOver) {
      const post = index % 2 === 0 ? { method: "POST", body: "text" } : {};
      const reply = await call(port, post).catch((error: unknown) => String(error));
      state.ended += 1;
      if (typeof reply === "string") failures.push(reply);
      else if (reply.status === 200) colors.add(reply.text);
      else failures.push(`status ${reply.status}`);
    }
  });
  await sleep(100);
  await work().finally(async () => {
    await sleep(100);
    state.isOver = true;
    await Promise.all(clients);
  });
  return { failures, ended: state.ended, colors: [...colors].sort() };
}
