/** Machines of a color: a release is installed, waited for, left alone, looked after and removed. */

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import type { BlueGreenError } from "../../../infra/errors.ts";
import { serverHandler } from "../../../infra/platforms/proxy/resources/server-handler.ts";
import type { ServerInputs } from "../../../infra/platforms/proxy/resources/types.ts";
import type { SshAccess } from "../../../infra/platforms/proxy/hosts/open-ssh.ts";
import type { Properties } from "../../../infra/provider/handler.ts";
import { HalfMade } from "../../../infra/provider/handler.ts";
import { startSshd } from "./sshd.ts";
import { describeWith, freePort, kill, onEnd, openFolder } from "./support.ts";

interface Machine {
  readonly folder: string;
  readonly inputs: (change?: Partial<ServerInputs>) => Properties;
  /** One line for each command that ran there. */
  readonly ran: () => readonly string[];
  readonly answer: () => Promise<string>;
}

const app = `import { createServer } from "node:http";
const [, , host, port, version] = process.argv;
createServer((request, response) => response.end(version)).listen(Number(port), host);
`;

/** Ends what runs, and starts the release; what a version is called decides whether it works. */
const script = `#!/bin/sh
set -eu
cd "$(dirname "$0")"
echo "$*" >> ran
if [ -f pid ]; then kill "$(cat pid)" 2>/dev/null || true; rm -f pid; fi
[ "$1" = install ] || exit 0
case "$4" in
  bad*) echo "unpacking"; echo "no space left" >&2; exit 9 ;;
  dead*) exit 0 ;;
esac
"${process.execPath}" app.mjs "$2" "$3" "$4" >/dev/null 2>&1 &
echo $! > pid
`;

async function makeMachine(ssh: SshAccess | null = null): Promise<Machine> {
  const folder = openFolder();
  vi.stubEnv("XDG_STATE_HOME", join(folder, "state"));
  onEnd(() => vi.unstubAllEnvs());
  const address = `127.0.0.1:${await freePort()}`;
  writeFileSync(join(folder, "app.mjs"), app);
  writeFileSync(join(folder, "release.sh"), script, { mode: 0o755 });
  onEnd(() => {
    const file = join(folder, "pid");
    if (existsSync(file)) kill(Number(readFileSync(file, "utf8")), "SIGKILL");
  });
  // A path is relative to the folder here, and absolute over there.
  const release = ssh === null ? "./release.sh" : join(folder, "release.sh");
  const inputs = (change: Partial<ServerInputs> = {}): Properties => ({
    address,
    color: "green",
    version: "1",
    digest: `sha256:${change.version ?? "1"}`,
    install: [release, "install", "{host}", "{port}", "{version}", "it's {color}"],
    remove: [],
    health: { path: "/", statuses: [200], timeoutMs: 500, intervalMs: 50 },
    startMs: 3_000,
    cwd: folder,
    ...(ssh === null ? {} : { ssh }),
    ...change,
  });
  const ran = (): readonly string[] => {
    const file = join(folder, "ran");
    return existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
  };
  const answer = async (): Promise<string> => {
    return await (await fetch(`http://${address}/`, { signal: AbortSignal.timeout(2_000) })).text();
  };
  return { folder, inputs, ran, answer };
}

async function halfMade(work: Promise<unknown>): Promise<BlueGreenError> {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof HalfMade) return error.cause as BlueGreenError;
  return expect.fail(`it isn't half made, but ${String(error)}`);
}

/** What the engine keeps of a resource. */
function stateOf(inputs: Properties, outputs: Properties = {}): Properties {
  return { ...inputs, ...outputs };
}

test("installs with every placeholder filled in, and is done when the server is healthy", async () => {
  const { inputs, ran, answer } = await makeMachine();
  const { id, outputs } = await serverHandler.create(inputs());
  const [host, port] = id.split(":");
  expect(ran()).toEqual([`install ${host ?? ""} ${port ?? ""} 1 it's green`]);
  expect(outputs).toEqual({ installed: "sha256:1" });
  expect(await answer()).toBe("1");
});

test("leaves a healthy server with the same release alone, and installs another one", async () => {
  const { inputs, ran, answer } = await makeMachine();
  const { outputs } = await serverHandler.create(inputs());
  const again = await serverHandler.update(inputs({ startMs: 4_000 }), stateOf(inputs(), outputs));
  expect(again).toEqual(outputs);
  expect(ran()).toHaveLength(1);
  const next = inputs({ version: "2" });
  await serverHandler.update(next, stateOf(inputs(), outputs));
  expect(ran()).toHaveLength(2);
  expect(await answer()).toBe("2");
});

test("tells the end of what a failed install said, and runs it again the next time", async () => {
  const { inputs, ran } = await makeMachine();
  const bad = inputs({ version: "bad-2" });
  const error = await halfMade(serverHandler.create(bad));
  expect(error).toMatchObject({
    code: "PROVISION_FAILED",
    details: ["unpacking", "no space left"],
  });
  expect(error.message).toMatch(/^green bad-2, 127\.0\.0\.1:\d+: install failed with exit code 9$/);
  await halfMade(serverHandler.update(bad, stateOf(bad)));
  expect(ran()).toHaveLength(2);
});

test("a failed install over a healthy former release isn't taken for done", async () => {
  const { inputs, ran, answer } = await makeMachine();
  const { outputs } = await serverHandler.create(inputs());
  const refusing = inputs({ version: "2", install: ["sh", "-c", "exit 1"] });
  await halfMade(serverHandler.update(refusing, stateOf(inputs(), outputs)));
  expect(await answer()).toBe("1");
  const next = inputs({ version: "2" });
  // Of a half made resource the engine keeps the inputs alone.
  expect(await serverHandler.update(next, stateOf(refusing))).toEqual({ installed: "sha256:2" });
  expect(ran()).toHaveLength(2);
  expect(await answer()).toBe("2");
});

test("says when a server doesn't become healthy, and when its command isn't there", async () => {
  const { inputs } = await makeMachine();
  const dead = inputs({ version: "dead-1", startMs: 300 });
  expect(await halfMade(serverHandler.create(dead))).toMatchObject({
    code: "PROVISION_FAILED",
    message: expect.stringMatching(/isn't healthy within 300 ms after its installation/) as string,
    details: [expect.stringContaining("refused")],
  });
  const missing = inputs({ install: ["/no/such/program"] });
  expect(await halfMade(serverHandler.create(missing))).toMatchObject({
    hint: expect.stringContaining("/no/such/program isn't there") as string,
  });
  const slow = inputs({ install: ["sleep", "30"], startMs: 200 });
  expect((await halfMade(serverHandler.create(slow))).message).toMatch(/took more than 200 ms/);
});

test("reads a server that is down as one to look after, and brings it back", async () => {
  const { folder, inputs, ran, answer } = await makeMachine();
  const { outputs } = await serverHandler.create(inputs());
  const state = stateOf(inputs(), outputs);
  expect(await serverHandler.read(state)).toEqual({});
  kill(Number(readFileSync(join(folder, "pid"), "utf8")), "SIGKILL");
  await expect.poll(() => answer().catch(() => "gone")).toBe("gone");
  const found = await serverHandler.read(state);
  expect(found?.["digest"]).not.toBe("sha256:1");
  await serverHandler.update(inputs(), { ...state, ...found });
  expect(ran()).toHaveLength(2);
  expect(await answer()).toBe("1");
  // Somebody else may have been faster.
  await serverHandler.update(inputs(), { ...state, ...found });
  expect(ran()).toHaveLength(2);
});

test("leaves the release on its server, unless there is a command that removes it", async () => {
  const { inputs, ran, answer } = await makeMachine();
  const { outputs } = await serverHandler.create(inputs());
  const notes: string[] = [];
  await serverHandler.delete(stateOf(inputs(), outputs), (sentence) => notes.push(sentence));
  expect(notes).toEqual([
    expect.stringMatching(/goes on with 1: no bluegreen:proxy.colors.remove/),
  ]);
  expect(await answer()).toBe("1");
  const [program] = inputs()["install"] as readonly string[];
  const remove = [program ?? "", "remove", "{version}"];
  await serverHandler.delete(stateOf(inputs({ remove }), outputs));
  expect(ran().at(-1)).toBe("remove 1");
  await expect.poll(() => answer().catch(() => "gone")).toBe("gone");
  const refusing = inputs({ remove: ["sh", "-c", "echo busy; exit 4"] });
  await expect(serverHandler.delete(stateOf(refusing, outputs))).rejects.toMatchObject({
    message: expect.stringMatching(/remove failed with exit code 4/) as string,
    details: ["busy"],
  });
});

describeWith(["sshd", "ssh", "ssh-keygen"], "a server over SSH", () => {
  test("gets its release there, with the same words", async () => {
    const { access } = await startSshd();
    const { inputs, ran, answer } = await makeMachine(access);
    const { outputs } = await serverHandler.create(inputs());
    expect(outputs).toEqual({ installed: "sha256:1" });
    expect(ran()[0]).toMatch(/^install 127\.0\.0\.1 \d+ 1 it's green$/);
    expect(await answer()).toBe("1");
    const error = await halfMade(serverHandler.create(inputs({ version: "bad-2" })));
    expect(error.details).toEqual(["unpacking", "no space left"]);
  });

  test("that can't be reached fails the provisioning, and says why", async () => {
    const { access } = await startSshd();
    const { inputs } = await makeMachine({ ...access, port: await freePort(), knownHosts: null });
    expect(await halfMade(serverHandler.create(inputs()))).toMatchObject({
      code: "PROVISION_FAILED",
      message: expect.stringMatching(/couldn't be reached for `install`/) as string,
      hint: expect.any(String) as string,
    });
  });
});
