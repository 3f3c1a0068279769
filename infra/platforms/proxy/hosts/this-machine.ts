/** The router's host when it is this machine. */

import { randomBytes } from "node:crypto";
import {
  link,
  mkdir,
  readFile,
  readdir,
  readlink,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { connect } from "node:net";
import { dirname } from "node:path";

import { BlueGreenError, messageOf } from "../../../errors.ts";
import { syncPath, writeDurably } from "../../../durable-file.ts";
import type { Endpoint, FileSize, Host } from "../host.ts";
import { NoAnswer } from "../host.ts";
import { hostIn } from "../safe-text.ts";
import { runProgram } from "./program.ts";

/** Of a server's reply to one question; theirs grow with the servers of both colors only. */
const maxReply = 8_000_000;
/** The deadline is for a silence; a whole reply has so many of them. */
const wholeReply = 5;
/** Of what `stat` counts, whatever the file system's own blocks are. */
const blockBytes = 512;

export const thisMachine: Host = {
  name: "this machine",
  read: (path) => orNull(path, readFile(path, "utf8")),
  async write(path, text, mode = 0o644) {
    await storing(path, mkdir(dirname(path), { recursive: true }));
    await writeDurably(path, text, mode);
  },
  link: (path, target) => storing(path, replaceLink(path, target)),
  readLink: (path) => orNull(path, readlink(path)),
  create: (path, text) => storing(path, createFile(path, text)),
  removeIf: (path, text) => storing(path, removeIf(path, text)),
  remove: (path) => storing(path, rm(path, { recursive: true, force: true })),
  list: async (folder) => (await orNull(folder, readdir(folder))) ?? [],
  sizes: (paths) => Promise.all(paths.map((path) => orNull(path, sizeOf(path)))),
  run: runProgram,
  ask,
  close: () => Promise.resolve(),
};

async function replaceLink(path: string, target: string): Promise<void> {
  const temporary = `${path}.${process.pid}.${randomBytes(4).toString("hex")}.tmp`;
  try {
    await symlink(target, temporary);
    await rename(temporary, path);
    await syncPath(dirname(path));
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

async function createFile(path: string, text: string): Promise<boolean> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.${randomBytes(4).toString("hex")}.tmp`;
  try {
    // Written whole and then linked: nobody ever reads half of it.
    await writeFile(temporary, text, { flag: "wx", mode: 0o644 });
    await link(temporary, path);
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Moved aside first, so that what is judged is what goes. */
async function removeIf(path: string, text: string): Promise<boolean> {
  if ((await orNull(path, readFile(path, "utf8"))) !== text) return false;
  const aside = `${path}.${process.pid}.${randomBytes(4).toString("hex")}.tmp`;
  try {
    await rename(path, aside);
    if ((await readFile(aside, "utf8")) === text) return true;
    await link(aside, path);
    return false;
  } catch (error) {
    // Somebody else was faster: with taking it away, or with making another.
    if (["ENOENT", "EEXIST"].includes(codeOf(error))) return false;
    throw error;
  } finally {
    await rm(aside, { force: true });
  }
}

async function sizeOf(path: string): Promise<FileSize> {
  const { size, blocks, mtimeMs } = await stat(path);
  return { bytes: size, usedBytes: blocks * blockBytes, changedAt: mtimeMs };
}

async function orNull<T>(path: string, found: Promise<T>): Promise<T | null> {
  try {
    return await found;
  } catch (error) {
    // EINVAL: what should be a link isn't one. ESRCH: below /proc, of a process that ended.
    if (["ENOENT", "ENOTDIR", "EINVAL", "ESRCH"].includes(codeOf(error))) return null;
    throw failed(path, "read", error);
  }
}

async function storing<T>(path: string, stored: Promise<T>): Promise<T> {
  try {
    return await stored;
  } catch (error) {
    throw failed(path, "written", error);
  }
}

function failed(path: string, what: "read" | "written", error: unknown): BlueGreenError {
  return new BlueGreenError("STORE_FAILED", `${path} couldn't be ${what}: ${messageOf(error)}`, {
    hint: "Free disk space or fix the folder's permissions, then run the command again.",
    cause: error,
  });
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

function ask(endpoint: Endpoint, text: string, deadlineMs: number): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = connect(optionsOf(endpoint));
  let reply = "";
  const fail = (why: string): void => {
    reject(new NoAnswer(`${endpoint} can't be asked: ${why}`));
  };
  socket.setTimeout(deadlineMs, () => {
    fail(`no answer within ${deadlineMs} ms`);
  });
  // What answers a byte now and then would never end.
  const wholeMs = wholeReply * deadlineMs;
  const timer = setTimeout(() => {
    fail(`not done within ${wholeMs} ms`);
  }, wholeMs);
  socket.setEncoding("utf8");
  socket.on("connect", () => socket.write(text));
  socket.on("data", (chunk: string) => {
    reply += chunk;
    if (reply.length > maxReply) fail(`it answers more than ${maxReply} characters`);
  });
  socket.on("error", (error) => {
    fail(error.message);
  });
  socket.on("end", () => {
    resolve(reply);
  });
  return promise.finally(() => {
    clearTimeout(timer);
    socket.destroy();
  });
}

function optionsOf(endpoint: Endpoint) {
  if (endpoint.startsWith("/")) return { path: endpoint };
  const port = Number(endpoint.slice(endpoint.lastIndexOf(":") + 1));
  return { host: hostIn(endpoint), port };
}
