import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Worker } from "node:worker_threads";
import { afterEach, expect, test, vi } from "vitest";
import { startProber } from "../../../automation/adapters/prober.ts";
import type { ProbeCount, Prober, ProberOptions } from "../../../automation/adapters/prober.ts";
import { Servers } from "../probe/servers.ts";

const servers = new Servers();
const probers: Prober[] = [];
const children: ChildProcess[] = [];

afterEach(async () => {
  await Promise.all(probers.splice(0).map((prober) => prober.stop()));
  await servers.close();
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

function start(options: Partial<ProberOptions> & { url: string }): Prober {
  const prober = startProber({ path: "/", ratePerSecond: 100, timeoutMs: 500, ...options });
  probers.push(prober);
  return prober;
}

async function until(prober: Prober, done: (count: ProbeCount) => boolean): Promise<ProbeCount> {
  return vi.waitFor(
    async () => {
      const count = await prober.snapshot();
      expect(done(count)).toBe(true);
      return count;
    },
    { timeout: 10_000, interval: 20 },
  );
}

/** Answers from the color that `colorOf` gives for the number of the request. */
function colored(colorOf: (request: number) => string) {
  let requests = 0;
  return servers.http((_, response) => {
    requests += 1;
    response.writeHead(200, { "x-bluegreen-color": colorOf(requests) }).end();
  });
}

function program(name: string, args: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, [join(import.meta.dirname, name), ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  return child;
}

async function textOf(child: ChildProcess): Promise<string> {
  let text = "";
  child.stdout?.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  await once(child, "close");
  return text;
}

test("counts a flip in the middle of a run", async () => {
  const { url } = await colored((request) => (request <= 20 ? "blue" : "green"));
  const prober = start({ url });
  await until(prober, ({ byColor }) => byColor.green >= 20);
  const count = await prober.stop();
  expect(count).toMatchObject({ failed: 0, failures: [], pending: 0, skipped: 0, broken: null });
  expect(count.byColor.blue).toBe(20);
  expect(count.byColor.blue + count.byColor.green).toBe(count.sent);
  expect(count.timeline[0]).toMatchObject({ color: "blue" });
  expect(count.timeline.at(-1)).toMatchObject({ color: "green" });
  expect(count.timeline.reduce((sum, run) => sum + run.count, 0)).toBe(count.sent);
});

test("counts each failure with its time and reason, and the gap that they make", async () => {
  let requests = 0;
  // What comes after the failures is held: so many and no more, however busy the machine is.
  let recovered = false;
  const held: (() => void)[] = [];
  const { url } = await servers.http((request, response) => {
    const reply = (status: number, color: string): void => {
      response.writeHead(status, { "x-bluegreen-color": color }).end();
    };
    requests += 1;
    if (requests > 10 && requests <= 13) request.socket.destroy();
    else if (requests === 14) reply(503, "green");
    else if (requests <= 10 || recovered) reply(404, "blue");
    else
      held.push(() => {
        reply(404, "blue");
      });
  });
  const startedMs = Date.now();
  const prober = start({ url, timeoutMs: 20_000 });
  await until(prober, ({ failed, longestGapMs }) => failed === 4 && longestGapMs >= 40);
  recovered = true;
  for (const answer of held) answer();
  await until(prober, ({ byColor }) => byColor.blue >= 20);
  const count = await prober.stop();
  expect(count).toMatchObject({ failed: 4, pending: 0 });
  const refused = "router GET / answered 503, below 500 expected (from green)";
  expect(count.failures.map(({ reason }) => reason === refused).sort()).toEqual([
    false,
    false,
    false,
    true,
  ]);
  for (const { at } of count.failures) {
    // The thread's clock is the system's of when it started: a millisecond may be between them.
    expect(Date.parse(at)).toBeGreaterThanOrEqual(startedMs - 1_000);
    expect(Date.parse(at)).toBeLessThanOrEqual(Date.now() + 1_000);
  }
  expect(count.longestGapMs).toBeGreaterThanOrEqual(40);
  expect(count.sent).toBe(count.byColor.blue + count.failed);
});

test("keeps sending by its schedule while answers are slow", async () => {
  const { url } = await servers.http((_, response) => {
    setTimeout(() => response.end(), 400);
  });
  const prober = start({ url, timeoutMs: 2_000 });
  const count = await until(prober, ({ pending }) => pending >= 20);
  expect(count.failed).toBe(0);
  const ended = await prober.stop();
  expect(ended).toMatchObject({ failed: 0, pending: 0, byColor: { blue: 0, green: 0 } });
  expect(ended.timeline).toMatchObject([{ color: null, count: ended.sent }]);
});

test("sends one half on fresh and one half on kept connections", async () => {
  const server = await colored(() => "blue");
  const prober = start({ url: server.url, ratePerSecond: 50 });
  await until(prober, ({ sent }) => sent >= 40);
  const { sent } = await prober.stop();
  expect(server.connections()).toBeGreaterThan(sent / 2);
  // A slow moment may open a further kept connection or two.
  expect(server.connections()).toBeLessThan(sent / 2 + 8);
});

test("works while the target is down", async () => {
  const address = await servers.nobody();
  const prober = start({ url: `http://${address}` });
  await until(prober, ({ failed }) => failed >= 60);
  const count = await prober.stop();
  expect(count.failed).toBe(count.sent);
  expect(count.failures).toHaveLength(50);
  expect(count.failures[0]?.reason).toContain("connection refused");
  expect(count.timeline).toEqual([]);
  expect(count.longestGapMs).toBeGreaterThanOrEqual(500);
  expect(count.broken).toBeNull();
});

test("counts every request to its end when nothing ever answers, and stops in time", async () => {
  const mute = await servers.tcp((socket) => socket.resume());
  const prober = start({ url: mute.url, timeoutMs: 2_500 });
  await until(prober, ({ pending }) => pending >= 5);
  const started = performance.now();
  const count = await prober.stop();
  expect(performance.now() - started).toBeLessThan(6_000);
  expect(count).toMatchObject({ failed: count.sent, pending: 0 });
});

test("leaves requests out rather than pile them up without bound", async () => {
  const mute = await servers.tcp((socket) => socket.resume());
  const prober = start({ url: mute.url, ratePerSecond: 1_000, timeoutMs: 5_000 });
  const count = await until(prober, ({ skipped }) => skipped > 0);
  expect(count.pending).toBe(512);
});

test("counts requests with the preview header apart", async () => {
  const { url } = await servers.http((request, response) => {
    const preview = request.headers["x-bluegreen-preview"];
    if (preview === undefined) response.writeHead(500, { "x-bluegreen-color": "green" }).end();
    else response.writeHead(200, { "x-bluegreen-color": String(preview) }).end();
  });
  const prober = start({ url, alsoPreview: "blue" });
  await until(prober, ({ previewSent }) => previewSent >= 10);
  const count = await prober.stop();
  expect(count).toMatchObject({ previewFailed: 0, previewMisrouted: 0, byColor: { blue: 0 } });
  expect(count.failed).toBe(count.sent);
});

test("tells failed previews from misrouted ones", async () => {
  let previews = 0;
  const { url } = await servers.http((request, response) => {
    if (request.headers["x-bluegreen-preview"] === undefined) response.end();
    else {
      previews += 1;
      const color = previews <= 5 ? "blue" : "green";
      response.writeHead(500, { "x-bluegreen-color": color }).end();
    }
  });
  const prober = start({ url, alsoPreview: "blue" });
  await until(prober, ({ previewMisrouted }) => previewMisrouted >= 5);
  expect(await prober.stop()).toMatchObject({ previewFailed: 5, failed: 0 });
});

test("goes on while the event loop of the driver is busy", async () => {
  const child = program("colored-server.ts", ["blue"]);
  const [line] = (await once(child.stdout as NodeJS.ReadableStream, "data")) as [Buffer];
  const prober = start({ url: `http://127.0.0.1:${line.toString().trim()}` });
  const before = await until(prober, ({ byColor }) => byColor.blue > 0);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_000);
  const after = await prober.stop();
  expect(after.sent - before.sent).toBeGreaterThan(70);
  expect(after.longestGapMs).toBeLessThan(600);
  expect(after.failed).toBe(0);
});

test("gives the same count however often it is stopped", async () => {
  const { url } = await colored(() => "green");
  const prober = start({ url });
  await prober.snapshot();
  const [one, two] = await Promise.all([prober.stop(), prober.stop()]);
  expect(two).toEqual(one);
  await pause(30);
  expect(await prober.snapshot()).toEqual(one);
});

test("keeps what was counted, and says why it ended, when its thread dies", async () => {
  const { url } = await colored(() => "green");
  const prober = start({ url });
  const before = await until(prober, ({ byColor }) => byColor.green >= 10);
  const { worker } = prober as unknown as { worker: Worker };
  await worker.terminate();
  const after = await prober.snapshot();
  expect(after.broken).toContain("thread ended");
  expect(after.sent).toBeGreaterThanOrEqual(before.sent);
  expect(await prober.stop()).toEqual(after);
});

test("refuses a rate that can't be kept", () => {
  for (const ratePerSecond of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
    const options = { url: "http://127.0.0.1:9", path: "/", timeoutMs: 100, ratePerSecond };
    expect(() => startProber(options)).toThrow("rate above 0");
  }
});

test.each(["stop", "never stop"])("keeps no process alive: %s", async (stop) => {
  const { url } = await colored(() => "green");
  const child = program("lonely-prober.ts", [url, stop]);
  expect(await textOf(child)).toBe("probed");
  expect(child.exitCode).toBe(0);
});

test("asks other paths, at another rate, once it is told to, and rests without a gap", async () => {
  const asked: string[] = [];
  const { url } = await servers.http((request, response) => {
    const preview = request.headers["x-bluegreen-preview"];
    asked.push(`${request.url ?? ""}${preview === undefined ? "" : ` ${String(preview)}`}`);
    const color = String(preview ?? "green");
    const status = request.url === "/b" ? 500 : 200;
    response.writeHead(status, { "x-bluegreen-color": color }).end();
  });
  const prober = start({ url, alsoPreview: "blue" });
  await until(prober, ({ byColor }) => byColor.green >= 5);
  prober.steer({ paths: ["/a", "/b"], ratePerSecond: 50, sends: true });
  const both = ({ recent }: ProbeCount) => recent.filter(({ path }) => path !== "/");
  const enough = await until(prober, (count) => {
    const [a, b] = both(count);
    return (a?.served.green.total ?? 0) >= 5 && (b?.previewed.total ?? 0) >= 5;
  });
  const [a, b] = both(enough).toSorted((one, other) => one.path.localeCompare(other.path));
  expect([a?.served.green.bad, b?.served.green.bad]).toEqual([0, b?.served.green.total]);
  expect(b?.previewed.bad).toBe(b?.previewed.total);
  prober.steer({ paths: ["/a"], ratePerSecond: 50, sends: false });
  const rested = await until(prober, ({ pending }) => pending === 0);
  const previews = rested.previewSent;
  const later = await until(prober, ({ previewSent }) => previewSent >= previews + 25);
  expect(later.sent).toBe(rested.sent);
  expect(new Set(asked)).toEqual(new Set(["/", "/ blue", "/a", "/a blue", "/b", "/b blue"]));
  expect((await prober.stop()).longestGapMs).toBe(rested.longestGapMs);
});

test("what was on its way at a mark is of the time before", async () => {
  let hangs = true;
  let hung = 0;
  const { url } = await servers.http((_, response) => {
    if (hangs) hung += 1;
    else response.writeHead(200, { "x-bluegreen-color": "green" }).end();
  });
  const prober = start({ url });
  await vi.waitFor(() => {
    expect(hung).toBeGreaterThan(5);
  });
  hangs = false;
  prober.mark();
  const count = await until(prober, ({ failed, own }) => failed >= 5 && own.served.green.total > 5);
  expect(count.own.unnamed).toEqual({ bad: 0, total: 0 });
  expect(count.own.served.green.bad).toBe(0);
});

test("what fails as its own process stood still is a failure, and no evidence", async () => {
  const held: (() => void)[] = [];
  let holds = false;
  const { url } = await servers.http((_, response) => {
    const answer = () => response.writeHead(200, { "x-bluegreen-color": "green" }).end();
    if (holds) held.push(answer);
    else answer();
  });
  const child = spawn(process.execPath, [join(import.meta.dirname, "stopped-prober.ts"), url], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  children.push(child);
  await once(child.stdout, "data");
  holds = true;
  await vi.waitFor(() => {
    expect(held.length).toBeGreaterThan(2);
  });
  child.kill("SIGSTOP");
  await pause(1_500);
  holds = false;
  child.kill("SIGCONT");
  await pause(700);
  child.stdin.write("end\n");
  const { failed, own } = JSON.parse(await textOf(child)) as Pick<ProbeCount, "failed" | "own">;
  expect(failed).toBeGreaterThan(2);
  expect(own).toMatchObject({ unnamed: { bad: 0 }, served: { green: { bad: 0 } } });
  expect(own.served.green.total).toBeGreaterThan(5);
});
