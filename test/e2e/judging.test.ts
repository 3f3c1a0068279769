/** A bake judged by a metric of the user's own: down, bad, lying; then its log judged again. */

import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Event } from "../../automation/event.ts";
import { describeOnEngine } from "../support/project/engine.ts";
import { expectExit } from "../support/project/expectations.ts";
import { makeProject } from "../support/project/project.ts";
import type { Project } from "../support/project/project.ts";
import { removeAfterAll } from "../support/project/removal.ts";

describeOnEngine("a bake with a metric of one's own", () => {
  let project: Project;
  let server: Server;
  /** What the source answers; null: that it is down. */
  let answer: (() => object) | null = null;

  beforeAll(async () => {
    server = createServer((_req, res) => {
      if (answer) res.end(JSON.stringify(answer()));
      else res.writeHead(503).end();
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/{color}`;
    const places = `bad: bad, total: total, interval: 200ms`;
    project = await makeProject({
      settings: {
        bake: "{ duration: 4s, interval: 500ms }",
        metrics: `[{ kind: json, name: orders, url: "${url}", ${places} }]`,
      },
    });
  });

  removeAfterAll(() => project);

  afterAll(() => {
    server.close();
    server.closeAllConnections();
  });

  it("a source that is down holds the new color, and is never a pass", async () => {
    const run = await project.run(["deploy", "--version", "1"]);
    expectExit(run, 8);
    expect(run.stderr).toContain("orders can't be read: ");
    expect(run.stderr).toContain("answered 503");
    expect(await project.ask()).toMatchObject({ color: "blue" });
  });

  it("a metric that turns bad after the switch brings traffic back, and says why", async () => {
    let [bad, total] = [0, 0];
    answer = () => {
      total += 20;
      bad += 15;
      return { bad, total };
    };
    const run = await project.run(["deploy", "--version", "2", "--json"]);
    expectExit(run, 4);
    const events = run.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Event);
    const baked = events.find((event) => event.kind === "Baked");
    expect(baked).toMatchObject({ verdict: "fail", color: "green" });
    expect(baked?.sentence).toMatch(/^orders: \d+ bad ones in \d+ counted/);
    expect(await project.ask()).toMatchObject({ color: "blue" });
  });

  it("the bake can be judged again with other settings", async () => {
    const [, newest = ""] = /the newest: (\S+),/.exec(
      (await project.run(["replay", "r-none"])).stderr,
    ) ?? [""];
    const same = await project.run(["replay", newest]);
    expectExit(same, 0);
    expect(same.stdout).toMatch(/recorded: fail {2}orders: .*\n {2}replayed: fail/);
    const other = await project.run(["replay", newest, "--set", "metrics.orders.budget=0.08"]);
    expect(other.stdout).toContain("with metrics.orders.budget=0.08");
    expectExit(await project.run(["replay", newest, "--set", "bake.alpha=low"]), 2);
  });

  it("a dry run reads it once, and tells a source that lies", async () => {
    answer = () => ({ bad: 1, total: 900 });
    const good = await project.run(["metric", "--dry-run"]);
    expectExit(good, 0);
    expect(good.stdout).toContain("read: 1 bad of 900");
    answer = () => ({ bad: 1_000, total: 900 });
    const lying = await project.run(["metric", "--json"]);
    expectExit(lying, 3);
    expect(JSON.parse(lying.stdout)).toMatchObject({ code: "CHECK_FAILED", color: "blue" });
    expect(lying.stdout).toContain("1000 bad of only 900");
  });

  it("a check reads it about the idle color, and never passes without a reading", async () => {
    const check = "[{ kind: metric, metric: orders, atMost: 0.01, deadline: 6s }]";
    const settings = project.settings().replace(/(bluegreen:checks:).*/, `$1 ${check}`);
    writeFileSync(project.settingsFile, settings);
    answer = () => ({ bad: 1, total: 900 });
    const good = await project.run(["check"]);
    expectExit(good, 0);
    expect(good.stdout).toContain("orders of green is 1 bad of 900 (0.11 %), at most 0.01 allowed");
    answer = null;
    const down = await project.run(["check"]);
    expectExit(down, 3);
    expect(down.stdout).toMatch(/error +metric orders: orders of green can't be read: .* 503/);
  });
});
