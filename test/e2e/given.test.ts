/** Colors that somebody else manages: two servers started by hand, adopted by their addresses. */

import { beforeAll, expect, it } from "vitest";
import type { Color } from "../../infra/model.ts";
import { startOf } from "../../infra/process-identity.ts";
import { anyPort, freePort } from "../../infra/platforms/local/supervisor/ports.ts";
import { startApp } from "../support/project/app-process.ts";
import type { Running } from "../support/project/command.ts";
import { describeOnEngine } from "../support/project/engine.ts";
import { expectError, expectExit } from "../support/project/expectations.ts";
import { makeProject, pulumiUp } from "../support/project/project.ts";
import type { Project } from "../support/project/project.ts";
import { removeAfterAll } from "../support/project/removal.ts";

interface Server {
  readonly address: string;
  readonly process: Running;
}

describeOnEngine("given colors", () => {
  let project: Project;
  let servers: Record<Color, Server>;

  beforeAll(async () => {
    const blue = await freePort("127.0.0.1", anyPort(new Set()), new Set());
    const green = await freePort("127.0.0.1", anyPort(new Set([blue])), new Set([blue]));
    const addressed = (port: number): string => `{ addresses: ["127.0.0.1:${port}"] }`;
    const given = `{ blue: ${addressed(blue)}, green: ${addressed(green)} }`;
    project = await makeProject({ settings: { given } });
    servers = {
      blue: await server("blue", "1", blue),
      green: await server("green", "2", green),
    };
  });

  removeAfterAll(() => project);

  async function server(color: Color, version: string, port: number): Promise<Server> {
    const process = await startApp(project, { color: `given ${color}`, version, port });
    return { address: `127.0.0.1:${port}`, process };
  }

  function isRunning(color: Color): boolean {
    return startOf(servers[color].process.pid) !== null;
  }

  it("serve behind the router after a deploy each", async () => {
    expectExit(await project.run(["deploy", "--version", "1"]), 0);
    expect(await project.ask()).toMatchObject({ color: "blue", body: "given blue 1" });
    expectExit(await project.run(["deploy", "--version", "2"]), 0);
    expect(await project.ask()).toMatchObject({ color: "green", body: "given green 2" });
    expect((await project.router())?.routes.attached).toEqual({
      blue: [servers.blue.address],
      green: [servers.green.address],
    });
    expect(await project.color("blue")).toBeNull();
  });

  it("take traffic back and forth", async () => {
    expectExit(await project.run(["rollback"]), 0);
    expect(await project.ask()).toMatchObject({ body: "given blue 1" });
    expectExit(await project.run(["switch", "green", "--no-bake"]), 0);
    expect(await project.ask()).toMatchObject({ body: "given green 2" });
  });

  it("aren't switched to while they answer badly", async () => {
    project.fault("1", { health: 500 });
    const run = await project.run(["switch", "blue", "--no-bake"]);
    expectError(run, { exit: 3, code: "CHECK_FAILED" });
    project.edit({ activeColor: "blue" });
    const hand = await project.pulumi([...pulumiUp, "--stack", "dev"]);
    expect(hand.code).not.toBe(0);
    expect(hand.output).toMatch(/COLOR_UNHEALTHY: blue has 0 of 1 instances ready/);
    project.fault("1", null);
    project.edit({ activeColor: "green" });
    expect(await project.ask()).toMatchObject({ body: "given green 2" });
  });

  it("go on when they are retired, out of the router's reach", async () => {
    expectExit(await project.run(["retire", "--now"]), 0);
    expect((await project.router())?.routes.attached.blue).toEqual([]);
    expect(isRunning("blue")).toBe(true);
    const direct = await fetch(`http://${servers.blue.address}/`);
    expect(await direct.text()).toBe("given blue 1");
    const stack = await project.pulumi(["stack", "output", "--json", "--stack", "dev-blue"]);
    expect(JSON.parse(stack.stdout)).toEqual({});
  });

  it("go on when the environment is taken down", async () => {
    expectExit(await project.run(["down", "--stop-serving", "--yes"]), 0);
    expect([isRunning("blue"), isRunning("green")]).toEqual([true, true]);
    expect(await project.router()).toBeNull();
  });
});
