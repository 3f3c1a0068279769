import { afterEach, expect, test } from "vitest";
import { keepConnection, probe } from "../../../infra/probe.ts";
import { selfSigned, Servers, unresolvable, unroutable } from "./servers.ts";

const servers = new Servers();
const identity = selfSigned();
const timeoutMs = 2_000;

afterEach(() => servers.close());

test("tells status, headers without cookies, and body of an answer", async () => {
  const { address } = await servers.http((request, response) => {
    response.writeHead(200, { "X-Version": "2", "set-cookie": "session=secret" });
    response.end(`${request.method} ${request.url} ${String(request.headers["x-ask"])}`);
  });
  const result = await probe({ address, path: "/a?b=c", headers: { "x-ask": "hi" }, timeoutMs });
  expect(result).toMatchObject({ kind: "answered", status: 200, allowed: true, truncated: false });
  expect(result).toMatchObject({ body: "GET /a?b=c hi", headers: { "x-version": "2" } });
  expect(JSON.stringify(result)).not.toContain("secret");
});

test("takes the path of the URL when no other is named", async () => {
  const { url } = await servers.http((request, response) => response.end(request.url));
  expect(await probe({ url: `${url}/shop?x=1`, timeoutMs })).toMatchObject({ body: "/shop?x=1" });
  expect(await probe({ url: `${url}/shop`, path: "/", timeoutMs })).toMatchObject({ body: "/" });
});

test("stays at the named host when the path looks like another one", async () => {
  const { url } = await servers.http((request, response) => response.end(request.url));
  const result = await probe({ url, path: "//255.255.255.255/x", timeoutMs });
  expect(result).toMatchObject({ kind: "answered", body: "//255.255.255.255/x" });
});

test("follows no redirect", async () => {
  let asked = 0;
  const { url } = await servers.http((_, response) => {
    asked += 1;
    response.writeHead(302, { location: "/login" }).end();
  });
  const result = await probe({ url, timeoutMs });
  expect(result).toMatchObject({ kind: "answered", status: 302, allowed: false });
  expect(asked).toBe(1);
});

test("allows exactly the statuses that are named", async () => {
  const { url } = await servers.http((_, response) => response.writeHead(204).end());
  expect(await probe({ url, timeoutMs })).toMatchObject({ allowed: false });
  expect(await probe({ url, timeoutMs, statuses: [200, 204] })).toMatchObject({ allowed: true });
});

test("ends a 10 MB answer early", async () => {
  const { url } = await servers.http((_, response) => {
    response.writeHead(200, { "content-type": "text/html", "content-length": 10_000_000 });
    response.end(Buffer.alloc(10_000_000, "x"));
  });
  const result = await probe({ url, timeoutMs });
  expect(result).toMatchObject({ kind: "answered", truncated: true, body: "x".repeat(65_536) });
});

test("hangs up on an answer without end", async () => {
  const { promise: closed, resolve } = Promise.withResolvers<string>();
  const { url } = await servers.http((_, response) => {
    const more = () => {
      while (response.write(Buffer.alloc(65_536, "x"))) continue;
    };
    response.on("drain", more);
    response.on("close", () => {
      resolve("closed");
    });
    more();
  });
  const result = await probe({ url, timeoutMs, bodyCap: 10 });
  expect(result).toMatchObject({ kind: "answered", truncated: true, body: "x".repeat(10) });
  expect(await closed).toBe("closed");
});

test("calls a server that closes at once unreachable", async () => {
  const { address } = await servers.tcp((socket) => socket.destroy());
  const result = await probe({ address, timeoutMs });
  expect(result).toMatchObject({ kind: "unreachable", reached: "server" });
});

test("gives up on a server that never answers", async () => {
  const { address } = await servers.tcp((socket) => socket.resume());
  const result = await probe({ address, timeoutMs: 60 });
  expect(result).toMatchObject({ kind: "timeout", connected: true });
});

test("gives up on a body that never ends, however often a byte comes", async () => {
  const { address } = await servers.http((_, response) => {
    const timer = setInterval(() => response.write("x"), 5);
    response.on("close", () => {
      clearInterval(timer);
    });
  });
  expect(await probe({ address, timeoutMs: 80 })).toMatchObject({ kind: "timeout" });
});

test("calls what isn't HTTP unreachable", async () => {
  const { address } = await servers.tcp((socket) => socket.end("SSH-2.0-OpenSSH_9.2\r\n"));
  const result = await probe({ address, timeoutMs });
  expect(result).toMatchObject({ kind: "unreachable", reached: "server" });
  expect(result).toHaveProperty("reason", expect.stringContaining("isn't HTTP"));
});

test("calls an answer that breaks off unreachable", async () => {
  const { address } = await servers.tcp((socket) => {
    socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf"));
  });
  const result = await probe({ address, timeoutMs });
  expect(result).toMatchObject({ kind: "unreachable", reached: "server" });
});

test("survives a protocol upgrade that nobody asked for", async () => {
  const { address } = await servers.tcp((socket) => {
    const lines = ["HTTP/1.1 101 Switching Protocols", "connection: upgrade", "upgrade: x", "", ""];
    socket.once("data", () => socket.write(lines.join("\r\n")));
  });
  const result = await probe({ address, timeoutMs: 500 });
  expect(result.kind).not.toBe("answered");
});

test("tells a refused connection from a host that can't be found or reached", async () => {
  const refused = await probe({ address: await servers.nobody(), timeoutMs });
  expect(refused).toEqual({ kind: "unreachable", reached: "host", reason: "connection refused" });
  for (const address of [unresolvable, unroutable]) {
    const result = await probe({ address, timeoutMs });
    expect(result).toMatchObject({ kind: "unreachable", reached: "network" });
  }
});

test.each([
  { url: "not a url" },
  { url: "ftp://127.0.0.1/" },
  { address: "127.0.0.1:99999999" },
  { address: "127.0.0.1:9", path: "/with space" },
  { address: "127.0.0.1:9", headers: { "bad name": "x" } },
])("says what can't be sent at all: %o", async (asked) => {
  const result = await probe({ ...asked, timeoutMs });
  expect(result).toMatchObject({ kind: "unreachable", reached: "nothing" });
});

test("takes an answer that came while the event loop was busy", async () => {
  const { address } = await servers.tcp((socket) => {
    socket.once("data", () => {
      socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 150);
    });
  });
  const result = await probe({ address, timeoutMs: 100 });
  expect(result).toMatchObject({ kind: "answered", body: "ok" });
});

test("ends when its signal does", async () => {
  const { address } = await servers.tcp((socket) => socket.resume());
  const stop = new AbortController();
  const result = probe({ address, timeoutMs: 20_000, signal: stop.signal });
  stop.abort();
  expect(await result).toMatchObject({ kind: "timeout" });
  expect(await probe({ address, timeoutMs: 20_000, signal: stop.signal })).toMatchObject({
    kind: "timeout",
  });
});

test("opens a connection per probe, or reuses a kept one", async () => {
  const server = await servers.http((_, response) => response.end("ok"));
  const { url } = server;
  for (let i = 0; i < 3; i += 1) await probe({ url, timeoutMs });
  expect(server.connections()).toBe(3);
  const connection = keepConnection();
  for (let i = 0; i < 3; i += 1) await probe({ url, timeoutMs, connection });
  connection.close();
  expect(server.connections()).toBe(4);
});

test.skipIf(identity === null)("trusts a self-signed certificate of loopback only", async () => {
  const { url, port } = await servers.https(
    (_, response) => response.end("ok"),
    identity ?? { key: "", cert: "" },
  );
  expect(await probe({ url, timeoutMs })).toMatchObject({ kind: "answered", status: 200 });
  // Reaches the same server by an address that isn't a loopback one.
  const other = await probe({ url: `https://0.0.0.0:${port}`, timeoutMs });
  expect(other).toMatchObject({ kind: "unreachable", reached: "server" });
  expect(other).toHaveProperty("reason", expect.stringContaining("SELF_SIGNED"));
});
