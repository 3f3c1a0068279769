/** The router's host over real OpenSSH: a server of the test's own, on loopback. */

import { execFileSync, spawn } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { weightsOf } from "../../../infra/model.ts";
import { OpenSshHost } from "../../../infra/platforms/proxy/hosts/open-ssh.ts";
import type { SshAccess } from "../../../infra/platforms/proxy/hosts/open-ssh.ts";
import { thisMachine } from "../../../infra/platforms/proxy/hosts/this-machine.ts";
import { ProxyRouter } from "../../../infra/platforms/proxy/router.ts";
import { requireAll } from "../../support/project/engine.ts";
import {
  call,
  describeWith,
  findProgram,
  freePort,
  onEnd,
  routesTo,
  startColors,
  startInstance,
  startedRouter,
} from "./support.ts";
import { accepts, startRelay, startSshd } from "./sshd.ts";

const dialects = ["nginx", "haproxy"] as const;

function hostOf(access: SshAccess): OpenSshHost {
  const host = new OpenSshHost(access);
  onEnd(() => host.close());
  return host;
}

const odd = `'"$(touch x)\`;|&<>*?[]{}~ \\ #!\n%s -n ä`;

describeWith(["sshd", "ssh"], "another machine over OpenSSH", () => {
  test("does with files and programs what this machine does", async () => {
    const { access, folder } = await startSshd();
    for (const host of [hostOf(access), thisMachine]) {
      const dir = join(folder, host === thisMachine ? "here" : "there");
      const path = join(dir, "deep", "file");
      expect(await host.read(path)).toBeNull();
      expect(await host.list(dir)).toEqual([]);
      await host.write(path, odd, 0o640);
      expect(readFileSync(path, "utf8")).toBe(odd);
      expect(statSync(path).mode & 0o777).toBe(0o640);
      expect(await host.read(path)).toBe(odd);
      await host.write(path, "");
      expect(await host.read(path)).toBe("");
      await host.link(join(dir, "link"), path);
      await host.link(join(dir, "link"), `${path}2`);
      expect(readlinkSync(join(dir, "link"))).toBe(`${path}2`);
      expect(await host.readLink(join(dir, "link"))).toBe(`${path}2`);
      expect(await host.readLink(path)).toBeNull();
      expect(await host.create(join(dir, "lock"), odd)).toBe(true);
      expect(await host.create(join(dir, "lock"), "other")).toBe(false);
      expect(await host.read(join(dir, "lock"))).toBe(odd);
      expect([...(await host.list(dir))].sort()).toEqual(["deep", "link", "lock"]);
      const [size, none] = await host.sizes([join(dir, "lock"), join(dir, "none")]);
      expect(size).toMatchObject({ bytes: Buffer.byteLength(odd) });
      expect(Math.abs((size?.changedAt ?? 0) - Date.now())).toBeLessThan(10_000);
      expect(none).toBeNull();
      const ran = await host.run(["sh", "-c", 'cat; printf %s "$1" >&2; exit 7', "sh", odd], {
        stdin: odd,
        deadlineMs: 5_000,
      });
      expect(ran).toEqual({ code: 7, stdout: odd, stderr: odd, timedOut: false });
      expect((await host.run(["/no/such"], { deadlineMs: 5_000 })).code).toBe(127);
      await host.remove(dir);
      expect(await host.list(dir)).toEqual([]);
    }
  });

  test("asks a port and a socket there, and says when nobody answers", async () => {
    const { access, folder } = await startSshd();
    const instance = await startInstance("hello");
    const path = join(folder, "sock");
    const server = createServer((socket) => socket.once("data", (text) => socket.end(text)));
    await new Promise<void>((resolve) => server.listen(path, resolve));
    onEnd(() => server.close());
    const silent = `127.0.0.1:${await freePort()}`;
    const request = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    for (const host of [hostOf(access), thisMachine]) {
      expect(await host.ask(instance.address, request, 2_000)).toMatch(/200 OK[^]*hello$/);
      expect(await host.ask(path, "echo", 2_000)).toBe("echo");
      await expect(host.ask(silent, "", 2_000)).rejects.toMatchObject({ name: "NoAnswer" });
    }
  });

  test("reads a router there that listens on IPv6 alone", async () => {
    const { access } = await startSshd();
    const { router, spec } = await startedRouter("nginx", { host: "::1" });
    const { blue } = await startColors();
    await router.setRoutes(routesTo("blue", { blue: [blue.address] }));
    const there = await new ProxyRouter(spec, hostOf(access)).read();
    expect(there).toMatchObject({ weights: weightsOf("blue"), problems: [] });
  });

  test("says when a file can't be written there", async () => {
    const { access, folder } = await startSshd();
    writeFileSync(join(folder, "plain"), "");
    const written = hostOf(access).write(join(folder, "plain", "file"), "text");
    await expect(written).rejects.toMatchObject({ code: "STORE_FAILED" });
  });

  for (const dialect of dialects) {
    test.skipIf(!requireAll && findProgram(dialect) === null)(
      `runs and flips ${dialect} there`,
      async () => {
        const { access } = await startSshd();
        const host = hostOf(access);
        const { router, port } = await startedRouter(dialect, {}, host);
        const { blue, green } = await startColors();
        const attached = { blue: [blue.address], green: [green.address] };
        for (const color of ["blue", "green"] as const) {
          await router.setRoutes(routesTo(color, attached));
          expect((await call(port)).text).toBe(color);
        }
        expect(await router.read()).toMatchObject({
          weights: weightsOf("green"),
          problems: [],
          traffic: { colors: { blue: { requests: 1 }, green: { requests: 1 } } },
        });
        await router.stop();
        await expect(call(port)).rejects.toThrow(/ECONNREFUSED/);
      },
      240_000,
    );
  }

  test("is refused when its key isn't known, and when it is another one", async () => {
    const { access, folder, port } = await startSshd();
    const unknown = join(folder, "empty");
    writeFileSync(unknown, "");
    await expect(hostOf({ ...access, knownHosts: unknown }).read("/x")).rejects.toMatchObject({
      message: expect.stringMatching(/can't be used: its host key isn't among/) as string,
      hint: expect.stringContaining("ssh-keyscan") as string,
    });
    const changed = join(folder, "changed");
    writeFileSync(changed, `[127.0.0.1]:${port} ${readFileSync(join(folder, "user.pub"), "utf8")}`);
    await expect(hostOf({ ...access, knownHosts: changed }).read("/x")).rejects.toThrow(
      /its host key isn't the one in the known hosts/,
    );
  });

  test("says that it doesn't let this user in, and nothing asks for a password", async () => {
    const { access, folder } = await startSshd();
    const other = join(folder, "other");
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", other]);
    await expect(hostOf({ ...access, key: other }).read("/x")).rejects.toMatchObject({
      message: expect.stringMatching(/doesn't let this user in/) as string,
      hint: expect.stringContaining("ssh-add") as string,
    });
  });

  test("says when nothing listens there", async () => {
    const { access } = await startSshd();
    const closed = hostOf({ ...access, port: await freePort(), knownHosts: null });
    await expect(closed.read("/x")).rejects.toThrow(/no connection can be made to it/);
  });

  test("runs by sudo where that is wanted, and says when sudo wants a password", async () => {
    const { access, folder } = await startSshd();
    const bin = join(folder, "bin");
    mkdirSync(bin);
    const sudo = join(bin, "sudo");
    const script = (body: string): void => {
      writeFileSync(sudo, `#!/bin/sh\n${body}\n`);
      chmodSync(sudo, 0o755);
    };
    writeFileSync(
      join(folder, "authorized"),
      `environment="PATH=${bin}:/usr/bin:/bin" ${readFileSync(join(folder, "user.pub"), "utf8")}`,
    );
    const host = hostOf({ ...access, sudo: true, shared: false });
    const direct = await startEnvironmentSshd(folder, access);
    const asked = hostOf({
      ...access,
      port: direct,
      sudo: true,
      shared: false,
      knownHosts: join(folder, "known2"),
    });
    script(`[ "$1 $2" = "-n --" ] || exit 9\nshift 2\nexec "$@"`);
    await asked.write(join(folder, "by-sudo"), odd);
    expect(readFileSync(join(folder, "by-sudo"), "utf8")).toBe(odd);
    script(`echo "sudo: a password is required" >&2; exit 1`);
    await expect(asked.read("/x")).rejects.toThrow(/sudo wants a password there/);
    expect(host.name).toBe(`${access.user ?? ""}@127.0.0.1`);
  });

  test("a connection that drops in the middle leaves the former file, and says so", async () => {
    const sshd = await startSshd();
    const relay = await startRelay(sshd);
    const host = hostOf(relay.access);
    const path = join(sshd.folder, "file");
    await host.write(path, "former");
    relay.dropAfter(200_000);
    await expect(host.write(path, "x".repeat(2_000_000))).rejects.toThrow(
      /the connection to it was lost on the way/,
    );
    expect(readFileSync(path, "utf8")).toBe("former");
    relay.dropAfter(Infinity);
    await host.write(path, "latter");
    expect(await host.read(path)).toBe("latter");
  });

  test("a connection that drops while something runs is told from its failure", async () => {
    const relay = await startRelay(await startSshd());
    const host = hostOf(relay.access);
    expect((await host.run(["sh", "-c", "exit 255"], { deadlineMs: 5_000 })).code).toBe(254);
    const running = host.run(["sleep", "5"], { deadlineMs: 8_000 });
    setTimeout(relay.drop, 700);
    await expect(running).rejects.toThrow(/the connection to it was lost/);
  });
});

/** A second server that lets the key set PATH. */
async function startEnvironmentSshd(folder: string, access: SshAccess): Promise<number> {
  const port = await freePort();
  const config = `${readFileSync(join(folder, "config"), "utf8")}PermitUserEnvironment yes\n`;
  writeFileSync(join(folder, "config2"), config);
  const known = readFileSync(join(folder, "known"), "utf8");
  writeFileSync(join(folder, "known2"), known.replace(String(access.port), String(port)));
  const argv = ["-D", "-e", "-f", join(folder, "config2"), "-p", String(port)];
  const server = spawn(findProgram("sshd") ?? "sshd", argv, { stdio: "ignore" });
  onEnd(() => server.kill("SIGKILL"));
  await expect.poll(() => accepts(port)).toBe(true);
  return port;
}
