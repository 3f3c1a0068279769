/** Programs over SSH that take too long, and what a user's own surroundings mustn't change. */

import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { SshAccess } from "../../../infra/platforms/proxy/hosts/open-ssh.ts";
import { OpenSshHost } from "../../../infra/platforms/proxy/hosts/open-ssh.ts";
import { thisMachine } from "../../../infra/platforms/proxy/hosts/this-machine.ts";
import { requireAll } from "../../support/project/engine.ts";
import { startSshd } from "./sshd.ts";
import { describeWith, findProgram, onEnd, openFolder, smallDisk } from "./support.ts";

afterEach(() => {
  vi.unstubAllEnvs();
});

function hostOf(...args: ConstructorParameters<typeof OpenSshHost>): OpenSshHost {
  const host = new OpenSshHost(...args);
  onEnd(() => host.close());
  return host;
}

/** In place of `ssh`: its command runs here, and finds these programs before the machine's own. */
function standInSsh(programs: Readonly<Record<string, string>> = {}): string {
  const folder = openFolder();
  for (const [name, text] of Object.entries(programs)) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  }
  const path = join(folder, "stand-in");
  const text = `#!/bin/sh\nfor last; do :; done\nPATH="${folder}:$PATH" exec sh -c "$last"\n`;
  writeFileSync(path, text, { mode: 0o755 });
  return path;
}

const anywhere: SshAccess = {
  ...{ host: "elsewhere", user: null, port: null, key: null, knownHosts: null },
  ...{ sudo: false, shared: false },
};

describeWith(["timeout"], "a file on another host that takes too long to write", () => {
  test("isn't written after it was given up", async () => {
    const path = join(openFolder(), "live");
    const slow = standInSsh({ mv: `sleep 3\nexec ${findProgram("mv") ?? "mv"} "$@"` });
    const host = hostOf(anywhere, slow, { fileMs: 1_000 });
    const began = Date.now();
    await expect(host.link(path, "target")).rejects.toMatchObject({ code: "HOST_UNREACHABLE" });
    expect(Date.now() - began).toBeLessThan(2_900);
    await sleep(3_000);
    expect(await thisMachine.readLink(path)).toBeNull();
  });
});

describe("asking a server on another host", () => {
  test.skipIf(!requireAll && findProgram("timeout") === null)(
    "is ended there when what asks hangs, as nobody's answer",
    async () => {
      const folder = openFolder();
      const perl = `sleep 3\necho late > "${folder}/late"`;
      const host = hostOf(anywhere, standInSsh({ perl }));
      const began = Date.now();
      await expect(host.ask("/run/nobody.sock", "show info\n", 1_000)).rejects.toMatchObject({
        name: "NoAnswer",
        message: "/run/nobody.sock on elsewhere can't be asked: no answer within 1 s",
      });
      expect(Date.now() - began).toBeLessThan(2_900);
      await sleep(3_000);
      expect(await thisMachine.list(folder)).toEqual([]);
    },
  );

  test("names the host and what was asked when ssh itself hangs", async () => {
    const program = join(openFolder(), "ssh");
    writeFileSync(program, "#!/bin/sh\nexec sleep 60\n", { mode: 0o755 });
    const host = hostOf(anywhere, program, { connectMs: 300 });
    const began = Date.now();
    await expect(host.ask("127.0.0.1:80", "GET /\n", 100)).rejects.toMatchObject({
      code: "HOST_UNREACHABLE",
      message: `the router's host elsewhere gave no answer within 400 ms to "ask 127.0.0.1:80"`,
    });
    expect(Date.now() - began).toBeLessThan(5_000);
  });
});

describeWith(["sshd", "ssh"], "a server there that takes a question and never answers", () => {
  test("is told from a lost connection", async () => {
    const { access, folder } = await startSshd();
    const path = join(folder, "mute");
    const server = createServer(() => undefined);
    await new Promise<void>((resolve) => server.listen(path, resolve));
    onEnd(() => server.close());
    await expect(hostOf(access).ask(path, "show info\n", 1_000)).rejects.toMatchObject({
      name: "NoAnswer",
      message: expect.stringMatching(/mute on .* can't be asked: no answer within 1 s/) as string,
    });
  });
});

test("a full disk of another host is told as one, whatever shell and language it has", async (context) => {
  const { disk, mount } = smallDisk(context);
  disk.fill();
  const host = hostOf(anywhere, standInSsh());
  const full = { code: "STORE_FAILED", message: expect.stringMatching(/No space left/) as string };
  await expect(host.create(join(mount, "lock"), "x".repeat(200))).rejects.toMatchObject(full);
  await expect(host.write(join(mount, "map"), "x".repeat(200))).rejects.toMatchObject(full);
});

test("a file on another host is told apart from one that ends in another number of lines", async () => {
  const path = join(openFolder(), "lock");
  const host = hostOf(anywhere, standInSsh());
  for (const [text, other] of [
    ["one\n", "one"],
    ["one", "one\n"],
    ["", "\n"],
  ] as const) {
    writeFileSync(path, text);
    expect(await host.removeIf(path, other)).toBe(false);
    expect(await host.read(path)).toBe(text);
    expect(await host.removeIf(path, text)).toBe(true);
  }
});

describeWith(["sshd", "ssh", "timeout"], "a program over SSH that takes too long", () => {
  test("is ended there, with what it started, and tells nothing else than here", async () => {
    const { access, folder } = await startSshd();
    const script = 'echo begun; sleep 3; echo done > "$1"';
    for (const [name, host] of Object.entries({ there: hostOf(access), here: thisMachine })) {
      const mark = join(folder, name);
      const began = Date.now();
      const ran = await host.run(["sh", "-c", script, "sh", mark], { deadlineMs: 1_000 });
      expect(ran).toMatchObject({ code: null, timedOut: true, stdout: "begun\n" });
      expect(Date.now() - began).toBeLessThan(3_000);
    }
    await sleep(3_000);
    expect(await thisMachine.list(folder)).not.toContain("there");
    expect(await thisMachine.list(folder)).not.toContain("here");
  });

  test("isn't mixed up with one that ends in time by the same exit code", async () => {
    const { access } = await startSshd();
    for (const code of [124, 137]) {
      const ran = await hostOf(access).run(["sh", "-c", `exit ${code}`], { deadlineMs: 9_000 });
      expect(ran).toMatchObject({ code, timedOut: false });
    }
  });
});

describeWith(["sshd", "ssh"], "calls over SSH", () => {
  test("say that a program may go on where nothing there can end it", async () => {
    const { access } = await startSshd();
    const folder = openFolder();
    // As over a network that has fallen silent.
    const program = join(folder, "ssh");
    writeFileSync(program, `#!/bin/sh\nexec sleep 60\n`, { mode: 0o755 });
    const host = hostOf({ ...access, shared: false }, program, { connectMs: 300 });
    const ran = await host.run(["true"], { deadlineMs: 100 });
    expect(ran.timedOut).toBe(true);
    expect(ran.stderr).toMatch(/it may still run on .*127\.0\.0\.1/);
  });

  test("share a connection below a folder of any name", async () => {
    const { access } = await startSshd();
    const folder = join(openFolder(), "my own 100%h");
    mkdirSync(folder);
    vi.stubEnv("TMPDIR", folder);
    const host = hostOf(access);
    expect((await host.run(["echo", "a"], { deadlineMs: 5_000 })).stdout).toBe("a\n");
    const [shared] = await thisMachine.list(folder);
    expect(await thisMachine.list(join(folder, shared ?? ""))).toHaveLength(1);
    expect((await host.run(["echo", "b"], { deadlineMs: 5_000 })).stdout).toBe("b\n");
  });

  test("aren't changed by what the user's own configuration adds to a login", async () => {
    const { access } = await startSshd();
    const folder = openFolder();
    const config = join(folder, "config");
    writeFileSync(config, "Host *\n  RemoteCommand echo mine\n  ForwardX11 yes\n");
    const program = join(folder, "ssh");
    const ssh = findProgram("ssh") ?? "ssh";
    writeFileSync(program, `#!/bin/sh\nexec "${ssh}" -F "${config}" "$@"\n`, { mode: 0o755 });
    const host = hostOf(access, program);
    const ran = await host.run(["echo", "ours"], { deadlineMs: 5_000 });
    expect(ran).toEqual({ code: 0, stdout: "ours\n", stderr: "", timedOut: false });
  });

  test("remove a file only while it holds the text that was judged", async () => {
    const { access, folder } = await startSshd();
    const [host, path] = [hostOf(access), join(folder, "lock")];
    const text = `{"it's":"$(x)"}`;
    expect(await host.removeIf(path, text)).toBe(false);
    await host.write(path, "other");
    expect(await host.removeIf(path, text)).toBe(false);
    expect(await host.read(path)).toBe("other");
    await host.write(path, text);
    expect(await host.removeIf(path, text)).toBe(true);
    expect(await host.read(path)).toBeNull();
  });
});
