/** An OpenSSH server of a test's own, on loopback. */

import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { userInfo } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import type { SshAccess } from "../../../infra/platforms/proxy/hosts/open-ssh.ts";
import { findProgram, freePort, onEnd, openFolder } from "./support.ts";

export interface Sshd {
  readonly port: number;
  readonly folder: string;
  readonly access: SshAccess;
}

/** Its own host key, its own authorized key, nothing of the machine's. */
export async function startSshd(): Promise<Sshd> {
  const folder = openFolder();
  const port = await freePort();
  const file = (name: string): string => join(folder, name);
  for (const name of ["host", "user"]) {
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", file(name)]);
  }
  writeFileSync(file("authorized"), readFileSync(file("user.pub")));
  writeFileSync(file("known"), `[127.0.0.1]:${port} ${readFileSync(file("host.pub"), "utf8")}`);
  const lines = [
    `HostKey ${file("host")}`,
    `AuthorizedKeysFile ${file("authorized")}`,
    "ListenAddress 127.0.0.1",
    "StrictModes no",
    "UsePAM no",
    "PasswordAuthentication no",
    "KbdInteractiveAuthentication no",
    "PermitRootLogin prohibit-password",
    `PidFile ${file("sshd.pid")}`,
  ];
  writeFileSync(file("config"), `${lines.join("\n")}\n`);
  const program = findProgram("sshd") ?? "sshd";
  if (process.getuid?.() === 0) mkdirSync("/run/sshd", { recursive: true });
  const argv = ["-D", "-e", "-f", file("config"), "-p", String(port)];
  const server = spawn(program, argv, { stdio: "ignore" });
  onEnd(() => server.kill("SIGKILL"));
  await expect.poll(() => accepts(port)).toBe(true);
  const user = userInfo().username;
  const own = { host: "127.0.0.1", user, port, key: file("user"), knownHosts: file("known") };
  return { port, folder, access: { ...own, sudo: false, shared: true } };
}

export function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => {
      resolve(false);
    });
  });
}
