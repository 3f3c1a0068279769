/** Existing servers with one upstream of their own are taken over, and lose nothing by it. */

import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { weightsOf } from "../../../infra/model.ts";
import { thisMachine } from "../../../infra/platforms/proxy/hosts/this-machine.ts";
import { ProxyRouter } from "../../../infra/platforms/proxy/router.ts";
import type { DialectName, RouterSpec } from "../../../infra/platforms/proxy/spec.ts";
import { filesOf } from "../../../infra/platforms/proxy/spec.ts";
import type { TestInstance } from "./support.ts";
import {
  call,
  describeDialects,
  findProgram,
  freePort,
  kill,
  onEnd,
  openFolder,
  routesTo,
  specOf,
  startColors,
} from "./support.ts";

/** Somebody's server: its own configuration in its own folder, and a public port. */
interface Theirs {
  readonly spec: RouterSpec;
  readonly port: number;
  readonly config: string;
  /** A further file of theirs that is read with the rest. */
  readonly other: string;
  /** Replaces their upstream by our file, as the steps say. */
  readonly include: () => void;
}

async function startTheirs(dialect: DialectName, blue: TestInstance): Promise<Theirs> {
  const folder = openFolder();
  const port = await freePort();
  const at = { folder, port, blue: blue.address, program: findProgram(dialect) ?? dialect };
  return dialect === "nginx" ? startNginx(at) : startHaproxy(at);
}

interface At {
  readonly folder: string;
  readonly port: number;
  readonly blue: string;
  readonly program: string;
}

async function startNginx({ folder, port, blue, program }: At): Promise<Theirs> {
  const [config, other] = [join(folder, "nginx.conf"), join(folder, "other.conf")];
  const argv = [program, "-c", config, "-p", folder];
  const dir = join(folder, "bluegreen");
  const spec = await specOf("nginx", {
    ...{ mode: "adopted", dir, check: [...argv, "-t", "-q"], reload: [...argv, "-s", "reload"] },
  });
  const upstream = `upstream shop { server ${blue}; }`;
  const text = `pid ${folder}/pid; error_log ${folder}/error.log; events { }
    http { access_log ${folder}/access.log; include ${other}; UPSTREAM
    server { listen 127.0.0.1:${port}; add_header x-theirs 1;
      location / { proxy_pass http://shop; proxy_set_header Host $host; } } }`;
  writeFileSync(other, "# nothing\n");
  writeFileSync(config, text.replace("UPSTREAM", upstream));
  start(argv, join(folder, "pid"));
  const include = (): void => {
    writeFileSync(config, text.replace("UPSTREAM", `include ${filesOf(spec).config};`));
  };
  return { spec, port, config, other, include };
}

async function startHaproxy({ folder, port, blue, program }: At): Promise<Theirs> {
  const [config, other] = [join(folder, "haproxy.cfg"), join(folder, "other.cfg")];
  const dir = join(folder, "bluegreen");
  const [socket, pid] = [join(folder, "admin.sock"), join(folder, "pid")];
  const ours = `${dir}/bluegreen.cfg`;
  const files = join(folder, "files");
  const text = `global
  stats socket ${socket} level admin expose-fd listeners
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
  option idle-close-on-response
frontend theirs
  bind 127.0.0.1:${port}
  http-response set-header x-theirs 1
  default_backend shop
`;
  const backend = `backend shop\n  server one ${blue}\n`;
  writeFileSync(config, text + backend);
  writeFileSync(other, "# nothing\n");
  // A folder of links stands for the command line, which a reload can't change.
  execFileSync("mkdir", [files]);
  execFileSync("ln", ["-s", config, join(files, "1.cfg")]);
  execFileSync("ln", ["-s", other, join(files, "2.cfg")]);
  const argv = [program, "-f", files];
  const reload = ["sh", "-c", `kill -USR2 "$(cat "$1")"`, "sh", pid];
  const change = { mode: "adopted", dir, socket, check: [...argv, "-c"], reload } as const;
  const spec = await specOf("haproxy", change);
  start([...argv, "-W", "-D", "-p", pid], pid);
  const include = (): void => {
    writeFileSync(config, text);
    execFileSync("ln", ["-s", ours, join(files, "3.cfg")]);
  };
  return { spec, port, config, other, include };
}

function start(argv: readonly string[], pidFile: string): void {
  const [program = "", ...words] = argv;
  const { status, stderr } = spawnSync(program, words, { encoding: "utf8", timeout: 10_000 });
  expect(status, stderr).toBe(0);
  onEnd(() => {
    const pid = Number(readFileSync(pidFile, "utf8"));
    const children = spawnSync("pgrep", ["-P", String(pid)], { encoding: "utf8" }).stdout;
    for (const each of [pid, ...children.trim().split("\n").map(Number)]) {
      if (each > 1) kill(each, "SIGKILL");
    }
  });
}

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
