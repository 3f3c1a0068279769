/** The router as a process: started, adopted, replaced, stopped. */

import { execFile, execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { connect as connectTls } from "node:tls";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";

import { expect, test, vi } from "vitest";

import { readIdentity } from "../../../infra/platforms/local/router/admin-client.ts";
import {
  askRouter,
  routerMetrics,
  setRoutes,
  startRouter,
  stopRouter,
} from "../../../infra/platforms/local/router/client.ts";
import { isAlive, startOf } from "../../../infra/process-identity.ts";
import { Listener } from "../../../infra/platforms/local/router/listener.ts";
import { Proxy } from "../../../infra/platforms/local/router/proxy.ts";
import {
  call,
  freePort,
  keepAlive,
  onEnd,
  processDir,
  refusesConnections,
  routesTo,
  specOf,
  startInstance,
  tempDir,
  until,
} from "./support.ts";

test("starts a process of its own, says all of itself and stops without a trace", async () => {
  const dir = processDir();
  const status = await startRouter(specOf(dir));
  expect(status).toMatchObject({ protocol: 1, state: "inactive", problems: [] });
  expect(status.pid).not.toBe(process.pid);
  expect(status.started).toBe(startOf(status.pid));
  expect(await routerMetrics(dir)).toContain("bluegreen_generation 0\n");
  expect(statSync(dir).mode & 0o777).toBe(0o700);
  expect(statSync(join(dir, "router.sock")).mode & 0o777).toBe(0o600);
  await stopRouter(dir);
  expect(isAlive(status)).toBe(false);
  expect(await askRouter(dir)).toBeNull();
  expect(existsSync(join(dir, "router.sock"))).toBe(false);
  await stopRouter(dir);
});

test("leads a process group of its own, so that it outlives its starter's terminal", async () => {
  const status = await startRouter(specOf(processDir()));
  const group = execFileSync("ps", ["-o", "pgid=", "-p", String(status.pid)], { encoding: "utf8" });
  expect(Number(group)).toBe(status.pid);
  process.kill(status.pid, "SIGHUP");
  expect((await askRouter(status.spec.dir))?.pid).toBe(status.pid);
});

test("finds at its second start what Node compiled at the first, and needs less memory", async () => {
  vi.stubEnv("NODE_COMPILE_CACHE", tempDir());
  onEnd(() => vi.unstubAllEnvs());
  const dir = processDir();
  const memoryOf = async (): Promise<number> => {
    const { pid } = await startRouter(specOf(dir));
    const rss = execFileSync("ps", ["-o", "rss=", "-p", String(pid)], { encoding: "utf8" });
    // Ended as by a crash: what was compiled is on the disk by then.
    process.kill(pid, "SIGKILL");
    await until("the end", () => startOf(pid) === null);
    return Number(rss);
  };
  const first = await memoryOf();
  expect(await memoryOf()).toBeLessThan(0.9 * first);
});

test("keeps a router that runs as desired, and sets changed settings in it", async () => {
  const dir = processDir();
  const spec = specOf(dir, { port: await freePort() });
  const first = await startRouter(spec);
  expect((await startRouter(spec)).pid).toBe(first.pid);
  const changed = await startRouter({ ...spec, drainMs: 77, accessLog: true });
  expect(changed.pid).toBe(first.pid);
  expect(changed.spec).toMatchObject({ drainMs: 77, accessLog: true });
});

test("yields one router when several are started at once", async () => {
  const dir = processDir();
  const spec = specOf(dir, { port: await freePort() });
  const pids = (await Promise.all([1, 2, 3].map(() => startRouter(spec)))).map(({ pid }) => pid);
  expect(new Set(pids).size).toBe(1);
});

test("yields one router when several processes start it at once", async () => {
  const dir = processDir();
  const spec = specOf(dir, { port: await freePort() });
  const client = join(import.meta.dirname, "../../../infra/platforms/local/router/client.ts");
  const script = `import { startRouter } from ${JSON.stringify(pathToFileURL(client).href)};
    process.stdout.write(String((await startRouter(${JSON.stringify(spec)})).pid));`;
  const run = promisify(execFile);
  const args = ["--input-type=module", "-e", script];
  const ends = await Promise.all([1, 2, 3].map(() => run(process.execPath, args)));
  expect(new Set(ends.map(({ stdout }) => stdout)).size).toBe(1);
  expect((await askRouter(dir))?.pid).toBe(Number(ends[0]?.stdout));
});

test("takes over the lock of a starter that died", async () => {
  const dir = processDir();
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, "router.lock"), JSON.stringify({ pid: process.pid, started: "before" }));
  expect((await startRouter(specOf(dir))).state).toBe("inactive");
  expect(existsSync(join(dir, "router.lock"))).toBe(false);
});

test("says which port is taken and how to find who has it", async () => {
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen(0, "127.0.0.1", resolve));
  onEnd(() => holder.close());
  const { port } = holder.address() as AddressInfo;
  const error = await startRouter(specOf(processDir(), { port })).catch(
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({
    code: "PORT_IN_USE",
    message: expect.stringContaining(String(port)) as string,
    hint: expect.stringMatching(/(ss|lsof) .*\d+/) as string,
  });
});

test("moves to another port with its routes, and frees the former one", async () => {
  const dir = processDir();
  const instance = await startInstance("blue");
  const [before, after] = [await freePort(), await freePort()];
  const first = await startRouter(specOf(dir, { port: before }));
  await setRoutes(dir, routesTo("blue", { blue: [instance.address] }));
  const second = await startRouter(specOf(dir, { port: after }));
  expect(second.pid).not.toBe(first.pid);
  expect(second.routes.generation).toBe(1);
  expect((await call(after)).text).toBe("blue GET");
  await expect(call(before)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  await until("the former process to end", () => !isAlive(first));
});

test("keeps the former router serving when the new port is taken", async () => {
  const dir = processDir();
  const taken = await startInstance("somebody else");
  const instance = await startInstance("blue");
  const spec = specOf(dir, { port: await freePort() });
  const first = await startRouter(spec);
  await setRoutes(dir, routesTo("blue", { blue: [instance.address] }));
  const moved = startRouter({ ...spec, port: taken.port });
  await expect(moved).rejects.toMatchObject({ code: "PORT_IN_USE" });
  expect((await askRouter(dir))?.pid).toBe(first.pid);
  expect((await call(spec.port)).text).toBe("blue GET");
});

test("finishes requests in flight before it ends, and takes no new connection", async () => {
  const dir = processDir();
  let finish: (() => void) | undefined;
  const instance = await startInstance("blue", (_req, res) => (finish = () => res.end("late")));
  const { listen } = await startRouter(specOf(dir, { drainMs: 5000 }));
  await setRoutes(dir, routesTo("blue", { blue: [instance.address] }));
  const agent = keepAlive(1);
  const reply = call(listen.port, { agent });
  await until("the request at the instance", () => finish !== undefined);
  const stopped = stopRouter(dir);
  await until("the port to be closed", () => refusesConnections(listen.port));
  finish?.();
  expect(await reply).toMatchObject({ text: "late", headers: { connection: "close" } });
  await stopped;
  expect(await askRouter(dir)).toBeNull();
});

test("replaces a router that hangs", async () => {
  const dir = processDir();
  const spec = specOf(dir, { port: await freePort() });
  const hung = await startRouter(spec);
  process.kill(hung.pid, "SIGSTOP");
  await expect(askRouter(dir)).rejects.toMatchObject({ code: "ROUTER_DOWN" });
  const next = await startRouter(spec);
  expect(next.pid).not.toBe(hung.pid);
  expect(isAlive(hung)).toBe(false);
});

test("keeps a router that is only slow", async () => {
  const dir = processDir();
  const spec = specOf(dir, { port: await freePort() });
  const slow = await startRouter(spec);
  process.kill(slow.pid, "SIGSTOP");
  const next = startRouter(spec);
  // Longer than the first answer is waited for.
  await sleep(2500);
  process.kill(slow.pid, "SIGCONT");
  expect((await next).pid).toBe(slow.pid);
});

test("replaces a router whose socket somebody deleted", async () => {
  const dir = processDir();
  const spec = specOf(dir, { port: await freePort() });
  const lost = await startRouter(spec);
  rmSync(join(dir, "router.sock"));
  expect(await askRouter(dir)).toBeNull();
  const next = await startRouter(spec);
  expect(next.pid).not.toBe(lost.pid);
  expect((await call(spec.port)).status).toBe(503);
  await until("the former process to end", () => !isAlive(lost));
  rmSync(join(dir, "router.sock"));
  await stopRouter(dir);
  expect(isAlive(next)).toBe(false);
});

test("never signals a process that merely has the pid of a former router", async () => {
  const dir = processDir();
  const { pid, started } = await startRouter(specOf(dir));
  process.kill(pid, "SIGKILL");
  await until("the process to end", () => !isAlive({ pid, started }));
  const identity = readIdentity(dir);
  const mine = { ...identity, pid: process.pid };
  writeFileSync(join(dir, "router.json"), JSON.stringify(mine));
  await stopRouter(dir);
  expect((await startRouter(specOf(dir))).state).toBe("inactive");
});

test("works in a folder whose path is too long for a socket", async () => {
  const dir = join(processDir(), "long-".repeat(30));
  onEnd(() => stopRouter(dir));
  const status = await startRouter(specOf(dir));
  const socket = readIdentity(dir)?.socket ?? "";
  expect(Buffer.byteLength(socket)).toBeLessThan(100);
  expect(statSync(dirname(socket)).mode & 0o777).toBe(0o700);
  expect((await askRouter(dir))?.pid).toBe(status.pid);
});

test("sets routes only from the generation that the caller knows", async () => {
  const dir = processDir();
  await startRouter(specOf(dir));
  const routes = routesTo("blue", { blue: ["127.0.0.1:1"] }, { generation: 5 });
  expect((await setRoutes(dir, routes, { ifGeneration: 0 })).routes.generation).toBe(5);
  await expect(setRoutes(dir, routes, { ifGeneration: 4 })).rejects.toMatchObject({
    code: "DRIFT",
    message: "the router is at generation 5, not 4",
  });
});

test("says that no router runs when there is none to set", async () => {
  const failed = setRoutes(tempDir(), routesTo(null, {}));
  await expect(failed).rejects.toMatchObject({ code: "ROUTER_DOWN" });
});

function hasOpenssl(): boolean {
  try {
    execFileSync("openssl", ["version"]);
    return true;
  } catch (error) {
    console.log(`openssl can't be run: ${String(error)}`);
    return false;
  }
}

function makeCertificate(dir: string): { cert: string; key: string } {
  const files = { cert: join(dir, "cert.pem"), key: join(dir, "key.pem") };
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"];
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
  execFileSync(
    "openssl",
    ["req", "-x509", ...curve, "-nodes", "-days", "1", ...subject].concat([
      "-keyout",
      files.key,
      "-out",
      files.cert,
    ]),
    { stdio: "ignore" },
  );
  return files;
}

/** The fingerprint of the certificate that a client meets now. */
async function fingerprintAt(port: number): Promise<string> {
  const socket = connectTls({ host: "127.0.0.1", port, rejectUnauthorized: false });
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  socket.once("error", reject);
  socket.once("secureConnect", () => {
    resolve(socket.getPeerCertificate().fingerprint256);
  });
  const fingerprint = await promise;
  socket.destroy();
  return fingerprint;
}

test.skipIf(!hasOpenssl())("takes up a renewed certificate without a restart", async () => {
  const dir = tempDir();
  const tls = makeCertificate(dir);
  const proxy = new Proxy({ edge: true });
  const listener = new Listener(specOf(dir, { tls }), proxy, 20);
  onEnd(() => {
    listener.stop();
  });
  await listener.listen();
  const before = await fingerprintAt(listener.port);
  writeFileSync(tls.cert, "not a certificate");
  await until("the problem", () => listener.problem !== null);
  expect(await fingerprintAt(listener.port)).toBe(before);
  makeCertificate(dir);
  await until("the new one", async () => (await fingerprintAt(listener.port)) !== before);
  expect(listener.problem).toBeNull();
});

test.skipIf(!hasOpenssl())("serves TLS, and tells instances so", async () => {
  const dir = processDir();
  const tls = makeCertificate(tempDir());
  const instance = await startInstance("blue", (req, res) => {
    res.end(JSON.stringify(req.headers));
  });
  const { listen } = await startRouter(specOf(dir, { tls }));
  await setRoutes(dir, routesTo("blue", { blue: [instance.address] }));
  const text = await new Promise<string>((resolve, reject) => {
    const options = {
      host: "127.0.0.1",
      port: listen.port,
      ca: readFileSync(tls.cert),
      headers: { "x-forwarded-for": "6.6.6.6", "x-forwarded-proto": "gopher" },
      agent: false,
    };
    const req = request(options, (res) => {
      let body = "";
      res.on("data", (chunk: Buffer) => (body += chunk.toString()));
      res.on("end", () => {
        resolve(body);
      });
    });
    req.on("error", reject);
    req.end();
  });
  expect(JSON.parse(text)).toMatchObject({
    "x-forwarded-proto": "https",
    "x-forwarded-for": "127.0.0.1",
  });
});

test("says what is wrong with a certificate that can't be used", async () => {
  const tls = { cert: join(tempDir(), "none.pem"), key: join(tempDir(), "none.key") };
  const failed = startRouter(specOf(processDir(), { tls }));
  await expect(failed).rejects.toMatchObject({
    code: "SETTINGS_INVALID",
    message: expect.stringContaining("none.pem") as string,
  });
});
