/** Hooks at all stages of a deployment on the local platform: order, a kill, refusals, a clean-up. */

import { once } from "node:events";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { hookStages } from "../../infra/hook-stages.ts";
import { runUntilKilled } from "../support/kill/killing.ts";
import { describeOnEngine } from "../support/project/engine.ts";
import { expectError, expectExit } from "../support/project/expectations.ts";
import { makeProject } from "../support/project/project.ts";
import type { Project } from "../support/project/project.ts";

/** Writes what it is told of, and refuses in the stage that a file names. */
const hookSource = `
import { appendFileSync, existsSync, readFileSync } from "node:fs";
const { BLUEGREEN_STAGE: stage, BLUEGREEN_ROLLOUT: id, BLUEGREEN_COLOR: color } = process.env;
const { BLUEGREEN_URL: url, BLUEGREEN_PREVIEW: preview, BLUEGREEN_ADDRESSES: addresses } = process.env;
async function asked(headers) {
  const response = await fetch(url, { headers }).catch(() => null);
  return response?.ok ? await response.text() : null;
}
const [name, value] = preview.split(": ");
const seen = await asked({});
const previewed = preview === "" ? null : await asked({ [name]: value });
const line = { stage, id, color, version: process.argv[2], seen, previewed, addresses };
appendFileSync("hooks.log", JSON.stringify(line) + "\\n");
if (existsSync("refuse") && readFileSync("refuse", "utf8") === stage) {
  console.error("not now, says " + stage);
  process.exit(9);
}
`;

interface Line {
  readonly stage: string;
  readonly id: string;
  readonly color: string;
  readonly version: string;
  readonly seen: string | null;
  readonly previewed: string | null;
  readonly addresses: string;
}

describeOnEngine("hooks at every stage", () => {
  let project: Project;
  let server: Server;
  const webhooks: { readonly stage: string; readonly rollout: { readonly id: string } }[] = [];

  beforeAll(async () => {
    server = createServer((req, res) => {
      void req.toArray().then((chunks: Buffer[]) => {
        webhooks.push(JSON.parse(Buffer.concat(chunks).toString("utf8")) as never);
        res.end('{"hookStatus": "SUCCEEDED"}');
      });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/rollout`;
    const hooks = [
      ...hookStages.map((stage) => ({ stage, argv: ["node", "hook.mjs", "{version}"] })),
      { stage: "POST_BAKE", webhook: url, secret: "a-long-random-text" },
    ];
    project = await makeProject({ settings: { checks: "[]" } });
    writeFileSync(join(project.folder, "hook.mjs"), hookSource);
    expectExit(await project.run(["deploy", "--version", "1"]), 0);
    const lines = [
      "config:",
      `  bluegreen:hooks: ${JSON.stringify(hooks)}`,
      '  bluegreen:warmup: { paths: ["/"], within: 5s }',
      "",
    ];
    writeFileSync(project.settingsFile, project.settings().replace("config:\n", lines.join("\n")));
  });

  afterAll(async () => {
    server.close();
    // Guarded: when beforeAll failed there is nothing to remove.
    if ((project as Project | undefined) !== undefined) await project.remove();
  });

  function lines(): readonly Line[] {
    const text = readFileSync(join(project.folder, "hooks.log"), "utf8");
    const read = text.trim().split("\n");
    return read.map((line) => JSON.parse(line) as Line);
  }

  function forget(refuseAt: string | null = null): void {
    rmSync(join(project.folder, "hooks.log"), { force: true });
    rmSync(join(project.folder, "refuse"), { force: true });
    if (refuseAt !== null) writeFileSync(join(project.folder, "refuse"), refuseAt);
    webhooks.length = 0;
  }

  const stages = (): readonly string[] => lines().map(({ stage }) => stage);
  const ofDeploy = hookStages.filter((stage) => !stage.endsWith("CLEAN_UP"));

  it("run in their order, each while that is true which its name says", async () => {
    const run = await project.run(["deploy", "--version", "2"]);
    expectExit(run, 0);
    expect(run.output).toMatch(/warm after \d\.\d s: \/ from \d+ ms to \d+ ms/);
    expect(stages()).toEqual(ofDeploy);
    const [first, ...others] = lines();
    expect(first).toMatchObject({ seen: "blue 1", previewed: null, addresses: "" });
    for (const { stage, seen, previewed, color, version } of others) {
      const switched = stage === "POST_PRODUCTION_TRAFFIC_SHIFT" || stage === "POST_BAKE";
      expect([stage, seen]).toEqual([stage, switched ? "green 2" : "blue 1"]);
      expect([previewed, color, version]).toEqual(["green 2", "green", "2"]);
    }
    const { rollout } = await project.record();
    expect(rollout?.hooksDone).toEqual(ofDeploy);
    expect(new Set(lines().map(({ id }) => id))).toEqual(new Set([rollout?.id]));
    expect(webhooks).toMatchObject([{ stage: "POST_BAKE", rollout: { id: rollout?.id } }]);
  });

  it("aren't run again by whoever goes on after a kill, but for those not recorded yet", async () => {
    forget();
    await runUntilKilled(project, ["deploy", "--version", "3"], { kill: "before Switch" });
    const before = stages();
    expect(before).toEqual(ofDeploy.slice(0, 4));
    expectExit(await project.run(["deploy", "--version", "3"]), 0);
    // The color was attached by an update, which recorded what was done until then.
    expect(stages().slice(before.length)).toEqual(ofDeploy.slice(1));
    expect(new Set(lines().map(({ id }) => id)).size).toBe(1);
    expect(await project.ask()).toMatchObject({ body: "blue 3" });
  });

  it("stop a deployment before its switch with a refusal, which is shown", async () => {
    forget("POST_TEST_TRAFFIC_SHIFT");
    const run = await project.run(["deploy", "--version", "4"]);
    expectError(run, { exit: 3, code: "HOOK_REFUSED", says: /ended with exit code 9/ });
    expect(run.output).toContain("not now, says POST_TEST_TRAFFIC_SHIFT");
    expect(stages()).toEqual(ofDeploy.slice(0, 3));
    expect(await project.ask()).toMatchObject({ body: "blue 3" });
    expect((await project.record()).rollout).toBeNull();
  });

  it("return traffic with a refusal after the switch, and the release is pinned", async () => {
    forget("POST_PRODUCTION_TRAFFIC_SHIFT");
    const run = await project.run(["deploy", "--version", "4"]);
    expectError(run, {
      exit: 4,
      code: "ROLLED_BACK",
      says: /POST_PRODUCTION_TRAFFIC_SHIFT refused/,
    });
    expect(stages()).toEqual(ofDeploy.slice(0, 5));
    expect(await project.ask()).toMatchObject({ body: "blue 3" });
    expect((await project.record()).pins).toMatchObject([{ version: "4" }]);
    forget();
    expectError(await project.run(["deploy", "--version", "4"]), {
      exit: 3,
      code: "RELEASE_PINNED",
    });
    expect(() => lines()).toThrow("ENOENT");
  });

  it("keep a color with a refusal before its clean-up, and hear of it once it is empty", async () => {
    forget("PRE_CLEAN_UP");
    const kept = await project.run(["retire", "--now"]);
    expectError(kept, { exit: 3, code: "HOOK_REFUSED", says: /PRE_CLEAN_UP/ });
    expect(await project.color("green")).not.toBeNull();
    forget("POST_CLEAN_UP");
    const run = await project.run(["retire", "--now"]);
    expectExit(run, 0);
    expect(run.output).toContain("this is only told");
    expect(stages()).toEqual(["PRE_CLEAN_UP", "POST_CLEAN_UP"]);
    expect(lines()[1]).toMatchObject({ color: "green", addresses: "", seen: "blue 3" });
    expect(await project.color("green")).toBeNull();
  });

  it("aren't run by a rollback", async () => {
    forget();
    expectExit(await project.run(["deploy", "--version", "5"]), 0);
    forget("POST_BAKE");
    expectExit(await project.run(["rollback"]), 0);
    expect(() => lines()).toThrow("ENOENT");
    expect(await project.ask()).toMatchObject({ body: "blue 3" });
  });
});
