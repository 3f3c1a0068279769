/** An OpenSSH server of a test's own, on loopback. */

import { execFileSync, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import type { Socket } from "node:net";
import { connect, createServer } from "node:net";
import { userInfo } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import type { SshAccess } from "../../../infra/platforms/proxy/hosts/open-ssh.ts";
import { findProgram, freePort, onEnd, openFolder } from "./support.ts";

export interface Sshd {
  readonly port: number;
  readonly folder: string;
  readonly access: SshAccess;
  /** Lets nobody in any more; who is in stays. */
  readonly close: () => Promise<void>;
  /** After that: lets in again, at the same port. */
  readonly open: () => Promise<void>;
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
  let server: ChildProcess | null = null;
  const close = async (): Promise<void> => {
    server?.kill("SIGKILL");
    await expect.poll(() => accepts(port)).toBe(false);
  };
  const open = async (): Promise<void> => {
    server = spawn(program, argv, { stdio: "ignore" });
    await expect.poll(() => accepts(port)).toBe(true);
  };
  onEnd(close);
  await open();
  const user = userInfo().username;
  const own = { host: "127.0.0.1", user, port, key: file("user"), knownHosts: file("known") };
  return { port, folder, access: { ...own, sudo: false, shared: true }, close, open };
}

export interface Relay {
  /** Leads through the relay, each call by a connection of its own. */
  readonly access: SshAccess;
  /** Ends all connections now. */
  readonly drop: () => void;
  /** Ends all connections after so many bytes from now. */
  readonly dropAfter: (bytes: number) => void;
  /** Ends the connection of this number from now, 1 is the next, on its way, and all after it. */
  readonly cutConnection: (number: number) => void;
}

/** A wire to a server that can be cut. */
export async function startRelay({ access, port: to, folder }: Sshd): Promise<Relay> {
  const sockets = new Set<Socket>();
  const left = { bytes: Infinity, connections: Infinity };
  const drop = (): void => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  };
  const server = createServer((client) => {
    const remote = connect(to, "127.0.0.1");
    const isCut = (left.connections -= 1) <= 0;
    for (const socket of [client, remote]) {
      sockets.add(socket);
      socket.on("error", () => socket.destroy());
      socket.on("close", () => {
        client.destroy();
        remote.destroy();
      });
    }
    remote.pipe(client);
    client.on("data", (chunk) => {
      left.bytes -= chunk.length;
      if (left.bytes < 0 || (isCut && client.bytesRead > 2_500)) drop();
      else remote.write(chunk);
    });
  });
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  onEnd(() => {
    drop();
    server.close();
  });
  const known = readFileSync(join(folder, "known"), "utf8").replace(String(to), String(port));
  const knownHosts = join(folder, `known-${port}`);
  writeFileSync(knownHosts, known);
  return {
    access: { ...access, port, knownHosts, shared: false },
    drop,
    dropAfter: (bytes) => {
      left.bytes = bytes;
    },
    cutConnection: (number) => {
      left.connections = number;
    },
  };
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
