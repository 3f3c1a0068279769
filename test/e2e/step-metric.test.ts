/** A step of a shift judged by a metric of the user's own: bad, then down. */

import { once } from "node:events";
import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeOnEngine } from "../support/project/engine.ts";
import { expectExit } from "../support/project/expectations.ts";
import { makeProject } from "../support/project/project.ts";
import type { Project } from "../support/project/project.ts";
import { removeAfterAll } from "../support/project/removal.ts";

describeOnEngine("a shift with a metric of one's own", () => {
  let project: Project;
  let server: Server;
  /** Bad ones of the new color in a hundred; null: the source is down. */
  let bad: number | null = 0;

  beforeAll(async () => {
    let asked = 0;
    server = createServer((request, response) => {
      if (bad === null) {
        response.writeHead(503).end();
        return;
      }
      asked += 1;
      const broken = request.url === "/green" ? asked * bad : 0;
      response.end(JSON.stringify({ bad: broken, total: asked * 100 }));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/{color}`;
    const places = "bad: bad, total: total, interval: 200ms, tolerate: 8s";
    project = await makeProject({
      settings: {
        checks: "[]",
        probe: "{ path: /healthz, count: 3, ratePerSecond: 100 }",
        bake: "{ duration: 5s, interval: 500ms }",
        shift: "{ steps: [{ weight: 50, for: 6s }] }",
        metrics: `[{ kind: json, name: orders, url: "${url}", ${places} }]`,
      },
    });
    expectExit(await project.run(["deploy", "--version", "1"]), 0);
  });

  removeAfterAll(() => project);

  afterAll(() => {
    server.close();
    server.closeAllConnections();
  });

  it("goes back from its step when the metric turns bad, and says why", async () => {
    bad = 60;
    const run = await project.run(["deploy", "--version", "2"]);
    expectExit(run, 4);
    expect(run.stderr).toMatch(/fail {2}step 1 of 1: orders: \d+ bad ones in [\d,]+ counted/);
    expect(await project.ask()).toMatchObject({ body: "blue 1" });
    expect((await project.record()).pins).toMatchObject([{ version: "2" }]);
  });

  it("is held, then goes back without a pin, when the source is down", async () => {
    bad = null;
    const run = await project.run(["deploy", "--version", "3"]);
    expectExit(run, 4);
    expect(run.stderr).toContain("the step lasts until there is one");
    expect(run.stderr).toMatch(/^METRIC_SILENT: orders: no reading/m);
    expect(run.stderr).toMatch(/^hint: traffic is back on blue; mend the metric's source/m);
    expect(run.stderr).toMatch(/orders: no reading for \d+s: .*503/);
    expect(await project.ask()).toMatchObject({ body: "blue 1" });
    expect((await project.record()).pins).toMatchObject([{ version: "2" }]);
  });
});
