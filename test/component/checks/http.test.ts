import { afterEach, expect, test } from "vitest";
import { runChecks } from "../../../automation/checks/runner.ts";
import type { CheckSubject } from "../../../automation/checks/runner.ts";
import { Servers, unroutable } from "../probe/servers.ts";
import { customCheck, healthCheck, httpCheck, scriptCheck } from "./subject.ts";
import { subject, tcpCheck, versionCheck } from "./subject.ts";

const servers = new Servers();

afterEach(() => servers.close());

async function only(check: Parameters<typeof runChecks>[0][number], over: Partial<CheckSubject>) {
  const [finding] = await runChecks([check], subject(over));
  return finding;
}

const instance = (body = "ok", status = 200) =>
  servers.http((_, response) => response.writeHead(status).end(body));

/** A router that sends previews to `color`, and says so. */
const router = (color: string | null, status = 200) =>
  servers.http((request, response) => {
    const asked = request.headers["x-bluegreen-preview"];
    const headers = color === null ? {} : { "x-bluegreen-color": color };
    response.writeHead(asked === "green" ? status : 404, headers).end("ok");
  });

test("passes when each instance and the preview route answer", async () => {
  const [one, two, front] = [await instance(), await instance(), await router("green")];
  const addresses = [one.address, two.address];
  expect(await only(httpCheck(), { addresses, url: front.url })).toEqual({
    name: "healthy",
    kind: "http",
    color: "green",
    verdict: "pass",
    sentence: "green GET /healthz: passed by 2 of 2 instances and the preview route",
    evidence: "ok",
    ms: expect.any(Number) as number,
    attempts: 1,
  });
});

test("fails when one instance of several does, and names it", async () => {
  const [good, bad] = [await instance(), await instance("no \u001b[2Jdatabase", 503)];
  const finding = await only(httpCheck(), { addresses: [good.address, bad.address] });
  expect(finding).toMatchObject({
    verdict: "fail",
    sentence: `${bad.address} GET /healthz answered 503, 200 expected`,
    evidence: "no \\u001b[2Jdatabase",
  });
});

test("fails when only the preview route does", async () => {
  const [good, front] = [await instance(), await router("green", 502)];
  const finding = await only(httpCheck(), { addresses: [good.address], url: front.url });
  expect(finding?.verdict).toBe("fail");
  expect(finding?.sentence).toBe(
    `${front.url} (preview of green) GET /healthz answered 502, 200 expected`,
  );
});

test("is an error when the preview route leads to the other color", async () => {
  const [good, front] = [await instance(), await router("blue")];
  const finding = await only(httpCheck(), { addresses: [good.address], url: front.url });
  expect(finding?.verdict).toBe("error");
  expect(finding?.sentence).toContain(`from "blue"`);
});

test("trusts a preview route that names no color", async () => {
  const [good, front] = [await instance(), await router(null)];
  const finding = await only(httpCheck(), { addresses: [good.address], url: front.url });
  expect(finding?.verdict).toBe("pass");
});

test("leaves out a preview route that the platform doesn't have", async () => {
  const [good, front] = [await instance(), await router("blue")];
  const over = { addresses: [good.address], url: front.url, preview: false };
  expect(await only(httpCheck(), over)).toMatchObject({ verdict: "pass" });
});

test("judges by the preview route alone where no instance can be reached from here", async () => {
  const front = await router("green");
  const finding = await only(httpCheck(), { addresses: [unroutable], url: front.url });
  expect(finding?.verdict).toBe("pass");
  expect(finding?.sentence).toContain("0 of 1 instances and the preview route");
  const broken = await router("green", 500);
  expect(await only(httpCheck(), { addresses: [unroutable], url: broken.url })).toMatchObject({
    verdict: "fail",
  });
});

test("is inconclusive where nothing, or not everything, can be reached from here", async () => {
  expect(await only(httpCheck(), { addresses: [unroutable] })).toMatchObject({
    verdict: "inconclusive",
  });
  const { address } = await instance();
  expect(await only(httpCheck(), { addresses: [address, unroutable] })).toMatchObject({
    verdict: "inconclusive",
  });
  expect(await only(httpCheck(), { addresses: [] })).toMatchObject({ verdict: "inconclusive" });
});

test("fails on a refused connection and on garbage", async () => {
  const garbage = await servers.tcp((socket) => socket.end("hello\n"));
  const addresses = [await servers.nobody(), garbage.address];
  const finding = await only(httpCheck(), { addresses });
  expect(finding?.verdict).toBe("fail");
  expect(finding?.sentence).toMatch(/connection refused; .* isn't HTTP/);
});

test("tries again until an instance has come up", async () => {
  let asked = 0;
  const { address } = await servers.http((_, response) => {
    asked += 1;
    response.writeHead(asked < 3 ? 503 : 200).end();
  });
  const finding = await only(httpCheck({ retries: 5 }), { addresses: [address] });
  expect(finding).toMatchObject({ verdict: "pass", attempts: 3 });
});

// Without its deadline it would outlast the test.
test("ends by its deadline at an instance that never answers", async () => {
  const mute = await servers.tcp((socket) => socket.resume());
  const check = httpCheck({ timeoutMs: 60_000, retries: 50, deadlineMs: 100 });
  const finding = await only(check, { addresses: [mute.address] });
  expect(finding?.verdict).toBe("fail");
});

test("accepts the right version and says what was found instead", async () => {
  const right = await instance(`{"version":"2"}`);
  expect(await only(versionCheck(), { addresses: [right.address] })).toMatchObject({
    verdict: "pass",
    kind: "version",
  });
  const wrong = await instance(`{"version":"1"}`);
  expect(await only(versionCheck(), { addresses: [wrong.address] })).toMatchObject({
    verdict: "fail",
    sentence: `${wrong.address} GET /version answered 200 but says version "1", "2" expected`,
  });
  const none = await instance(`{}`);
  const finding = await only(versionCheck(), { addresses: [none.address] });
  expect(finding?.sentence).toContain(`says no version, "2" expected`);
});

test("takes the version from a header, and another one where the check expects it", async () => {
  const { address } = await servers.http((_, response) => {
    response.writeHead(200, { "x-version": "2-debug" }).end();
  });
  const check = versionCheck({ header: "X-Version", expect: "2-debug" });
  expect(await only(check, { addresses: [address] })).toMatchObject({ verdict: "pass" });
});

test("runs checks at once, and reports them in their order", async () => {
  const waiting: (() => void)[] = [];
  const { address } = await servers.http((_, response) => {
    waiting.push(() => response.end("ok"));
    // Answers nobody until all three have asked.
    if (waiting.length === 3) for (const answer of waiting) answer();
  });
  const names = ["a", "b", "c"];
  const checks = names.map((name) => httpCheck({ name }));
  const findings = await runChecks(checks, subject({ addresses: [address] }));
  expect(findings.map(({ name, verdict }) => `${name} ${verdict}`)).toEqual([
    "a pass",
    "b pass",
    "c pass",
  ]);
});

test("describes each kind in one sentence", async () => {
  const { checkKinds } = await import("../../../automation/checks/index.ts");
  expect(checkKinds.http.describe(httpCheck({ withinMs: 300 }))).toBe(
    "GET /healthz answers 200 within 300ms",
  );
  expect(checkKinds.version.describe(versionCheck({ expect: "3" }))).toContain("version 3");
  expect(checkKinds.health.describe(healthCheck({ require: ["db"] }))).toContain("db are up");
  expect(checkKinds.tcp.describe(tcpCheck({ port: 5432 }))).toContain("port 5432");
  expect(checkKinds.command.describe(scriptCheck("1"))).toContain("exit code 0");
  expect(checkKinds.custom.describe(customCheck())).toBe("the check in check.ts passes");
});
