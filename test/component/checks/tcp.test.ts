import { afterEach, expect, test } from "vitest";
import { runChecks } from "../../../automation/checks/runner.ts";
import type { CheckOf } from "../../../infra/config.ts";
import { Servers, unresolvable, unroutable } from "../probe/servers.ts";
import { subject, tcpCheck } from "./subject.ts";

const servers = new Servers();

afterEach(() => servers.close());

async function checked(over: Partial<CheckOf<"tcp">>, ...addresses: readonly string[]) {
  const [finding] = await runChecks([tcpCheck(over)], subject({ addresses }));
  return finding;
}

const pings = { send: "PING\r\n", expect: "+PONG" };

/** Says what it is told to say, once it heard a line. */
const speaker = (says: string, end = false) =>
  servers.tcp((socket) => {
    socket.once("data", () => (end ? socket.end(says) : socket.write(says)));
  });

test("passes where every instance takes a connection", async () => {
  const [one, two] = [await speaker(""), await speaker("")];
  expect(await checked({}, one.address, two.address)).toMatchObject({
    verdict: "pass",
    kind: "tcp",
    sentence: "green port: passed by 2 of 2 instances",
  });
  expect([one.connections(), two.connections()]).toEqual([1, 1]);
});

test("passes where the answer begins as expected, however it comes", async () => {
  const { address } = await servers.tcp((socket) => {
    socket.once("data", (said: Buffer) => {
      if (said.toString() !== "PING\r\n") return;
      socket.write("+PO");
      setTimeout(() => socket.write("NG and more"), 30);
    });
  });
  expect(await checked(pings, address)).toMatchObject({ verdict: "pass" });
});

test("reads a greeting without saying anything", async () => {
  const { address } = await servers.tcp((socket) => socket.write("SSH-2.0-x\r\n"));
  expect(await checked({ expect: "SSH-2.0" }, address)).toMatchObject({ verdict: "pass" });
});

test("connects to another port of the instance's host", async () => {
  const { port } = await speaker("");
  expect(await checked({ port }, await servers.nobody())).toMatchObject({ verdict: "pass" });
});

test("fails on another answer, which it shows", async () => {
  const { address } = await speaker("-ERR \u001b[2Jno\r\n");
  expect(await checked(pings, address)).toMatchObject({
    verdict: "fail",
    sentence: `${address} took the connection but answered "-ERR \\u001b[2Jno ", "+PONG" expected`,
  });
});

test("fails on an answer that breaks off, and on none", async () => {
  const cut = await speaker("+PO", true);
  expect((await checked(pings, cut.address))?.sentence).toMatch(
    /answered "\+PO" and closed, "\+PONG" expected$/,
  );
  const mute = await speaker("");
  const finding = await checked({ ...pings, timeoutMs: 100 }, mute.address);
  expect(finding?.verdict).toBe("fail");
  expect(finding?.sentence).toMatch(/answered nothing in 100ms, "\+PONG" expected$/);
});

test("fails on a refused connection", async () => {
  const nobody = await servers.nobody();
  expect(await checked({}, nobody)).toMatchObject({
    verdict: "fail",
    sentence: `${nobody} can't be talked to: connection refused`,
  });
});

test("is inconclusive where nobody can be reached from here", async () => {
  expect(await checked({}, unroutable)).toMatchObject({ verdict: "inconclusive" });
  expect(await checked({}, unresolvable)).toMatchObject({ verdict: "inconclusive" });
  expect(await checked({})).toMatchObject({ verdict: "inconclusive" });
});

test("connects to no address where credentials may be had", async () => {
  const finding = await checked({}, "169.254.169.254:80");
  expect(finding?.verdict).toBe("fail");
  expect(finding?.sentence).toContain("it isn't asked, since 169.254.169.254 is a cloud metadata");
});

test("tries again until an instance has come up", async () => {
  let taken = 0;
  const { address } = await servers.tcp((socket) => {
    taken += 1;
    socket.end(taken < 3 ? "wait" : "ready");
  });
  expect(await checked({ expect: "ready", retries: 5 }, address)).toMatchObject({
    verdict: "pass",
    attempts: 3,
  });
});

test("ends by its deadline at an instance that says nothing", async () => {
  const { address } = await speaker("");
  const slow = { ...pings, timeoutMs: 60_000, retries: 9, deadlineMs: 100 };
  expect(await checked(slow, address)).toMatchObject({ verdict: "fail", attempts: 1 });
});
