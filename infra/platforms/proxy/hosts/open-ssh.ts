/** The router's host when it is another machine, reached by the system's own OpenSSH. */

import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { BlueGreenError } from "../../../errors.ts";
import type { FileSize, Host, Ran, RunOptions } from "../host.ts";
import { NoAnswer } from "../host.ts";
import { runProgram } from "./program.ts";
import { quoteWords } from "./quoting.ts";
import { absent, askPrograms, scripts, taken } from "./remote-scripts.ts";
import { isSudoRefusal, sshError } from "./ssh-error.ts";

/** How another host is reached. Nothing here is ever part of a shell's text. */
export interface SshAccess {
  readonly host: string;
  /** Null: as OpenSSH's own configuration says; so with all that is null here. */
  readonly user: string | null;
  readonly port: number | null;
  readonly key: string | null;
  readonly knownHosts: string | null;
  /** Runs everything there by `sudo -n`. */
  readonly sudo: boolean;
  /** Uses one connection for all calls; it ends by itself half a minute after the last. */
  readonly shared: boolean;
}

const usualFileMs = 20_000;
const connectSeconds = 10;
/** What a call may take beyond its own deadline: connecting, and being let in. */
const usualConnectMs = 15_000;
/** Exit codes of `timeout`, when its first signal was enough, and when it wasn't. */
const endedLate: readonly (number | null)[] = [124, 137];
/** Besides, of a program that an alarm of its own ended. */
const heardNothing: readonly (number | null)[] = [...endedLate, 142];
const blockBytes = 512;

export class OpenSshHost implements Host {
  readonly name: string;
  readonly #access: SshAccess;
  readonly #program: string;
  readonly #connectMs: number;
  readonly #fileMs: number;
  #controlFolder: string | null = null;

  constructor(
    access: SshAccess,
    program = "ssh",
    { connectMs = usualConnectMs, fileMs = usualFileMs } = {},
  ) {
    this.name = access.user === null ? access.host : `${access.user}@${access.host}`;
    this.#access = access;
    this.#program = program;
    this.#connectMs = connectMs;
    this.#fileMs = fileMs;
  }

  async read(path: string): Promise<string | null> {
    const { code, stdout, stderr } = await this.#script("read", [path]);
    if (code === absent) return null;
    return code === 0 ? stdout : this.#failed(path, "read", stderr);
  }

  async write(path: string, text: string, mode = 0o644): Promise<void> {
    const words = [path, nonce(), mode.toString(8), String(Buffer.byteLength(text))];
    const { code, stderr } = await this.#script("write", words, text);
    if (code !== 0) this.#failed(path, "written", stderr);
  }

  async link(path: string, target: string): Promise<void> {
    const { code, stderr } = await this.#script("link", [path, nonce(), target]);
    if (code !== 0) this.#failed(path, "written", stderr);
  }

  async readLink(path: string): Promise<string | null> {
    const { code, stdout, stderr } = await this.#script("readLink", [path]);
    if (code === absent) return null;
    return code === 0 ? stdout.replace(/\n$/, "") : this.#failed(path, "read", stderr);
  }

  async create(path: string, text: string): Promise<boolean> {
    const { code, stderr } = await this.#script("create", [path, nonce(), text]);
    if (code === taken) return false;
    return code === 0 || this.#failed(path, "written", stderr);
  }

  async removeIf(path: string, text: string): Promise<boolean> {
    const { code, stderr } = await this.#script("removeIf", [path, nonce(), text]);
    if (code === taken) return false;
    return code === 0 || this.#failed(path, "removed", stderr);
  }

  async remove(path: string): Promise<void> {
    const { code, stderr } = await this.#script("remove", [path]);
    if (code !== 0) this.#failed(path, "removed", stderr);
  }

  async list(folder: string): Promise<readonly string[]> {
    const { code, stdout, stderr } = await this.#script("list", [folder]);
    if (code !== 0) this.#failed(folder, "read", stderr);
    return stdout.split("\n").filter((name) => name !== "");
  }

  async sizes(paths: readonly string[]): Promise<readonly (FileSize | null)[]> {
    const { code, stdout, stderr } = await this.#script("sizes", paths);
    if (code !== 0) this.#failed(paths.join(", "), "read", stderr);
    const lines = stdout.split("\n");
    return paths.map((_, index) => sizeIn(lines[index] ?? ""));
  }

  /** What takes too long is ended there; where that can't be done, `stderr` says so. */
  async run(argv: readonly string[], options: RunOptions): Promise<Ran> {
    const began = performance.now();
    const seconds = String(Math.ceil(options.deadlineMs / 1000));
    const ran = await this.#call([seconds, ...argv], options);
    if (ran.timedOut) return { ...ran, stderr: `${ran.stderr}\n${this.#mayGoOn()}` };
    const isLate = performance.now() - began >= options.deadlineMs;
    if (!isLate || !endedLate.includes(ran.code)) return ran;
    return { ...ran, code: null, timedOut: true };
  }

  #mayGoOn(): string {
    return `it may still run on ${this.name}: look there before it is run again`;
  }

  /** What asks there is ended there as well, where it hangs or is answered for ever. */
  async ask(endpoint: string, text: string, deadlineMs: number): Promise<string> {
    const seconds = String(Math.max(1, Math.ceil(deadlineMs / 1000)));
    const words = [endpoint, seconds, askPrograms.perl, askPrograms.python];
    const argv = [seconds, ...inShell("ask", words)];
    const { code, stdout, stderr, timedOut } = await this.#call(argv, { stdin: text, deadlineMs });
    if (timedOut) throw this.#silent(`ask ${endpoint}`, deadlineMs + this.#connectMs);
    if (code === 0) return stdout;
    const isLate = stderr.trim() === "" || heardNothing.includes(code);
    const why = isLate ? `no answer within ${seconds} s` : stderr.trim();
    throw new NoAnswer(`${endpoint} on ${this.name} can't be asked: ${why}`);
  }

  async close(): Promise<void> {
    if (this.#controlFolder === null) return;
    const argv = [this.#program, ...this.#options(), "-O", "exit", "--", this.#access.host];
    await runProgram(argv, { deadlineMs: 5_000 });
    rmSync(this.#controlFolder, { recursive: true, force: true });
    this.#controlFolder = null;
  }

  /** What takes too long is ended there, so that it changes nothing after it was given up. */
  async #script(name: ScriptName, words: readonly string[], stdin = ""): Promise<Ran> {
    const options = { stdin, deadlineMs: this.#fileMs };
    const ran = await this.run(inShell(name, words), options);
    if (ran.timedOut) throw this.#silent(`${name} ${words[0] ?? ""}`, options.deadlineMs);
    return ran;
  }

  /** The one form of every command: `[sudo -n] sh -c RUN sh WORDS...`, each word quoted. */
  async #call(words: readonly string[], options: RunOptions): Promise<Ran> {
    const form = ["sh", "-c", scripts.run, "sh", ...words];
    const command = quoteWords(this.#access.sudo ? ["sudo", "-n", "--", ...form] : form);
    const argv = [this.#program, ...this.#options(), "--", this.#access.host, command];
    const ran = await runProgram(argv, {
      ...options,
      deadlineMs: options.deadlineMs + this.#connectMs,
    });
    if (ran.timedOut) return ran;
    const lost = ran.code === null || ran.code === 255;
    if (lost || isSudoRefusal(ran.stderr)) throw sshError(this.name, ran.stderr);
    return ran;
  }

  #options(): string[] {
    const { user, port, key, knownHosts, shared } = this.#access;
    const options = {
      BatchMode: "yes",
      StrictHostKeyChecking: "yes",
      ConnectTimeout: connectSeconds,
      ServerAliveInterval: 5,
      ServerAliveCountMax: 2,
      ClearAllForwardings: "yes",
      ForwardAgent: "no",
      ForwardX11: "no",
      PermitLocalCommand: "no",
      RemoteCommand: "none",
      ...(knownHosts === null
        ? {}
        : { UserKnownHostsFile: pathOption(knownHosts), GlobalKnownHostsFile: "/dev/null" }),
      ...(key === null ? {} : { IdentityFile: pathOption(key), IdentitiesOnly: "yes" }),
      ...(shared
        ? {
            ControlMaster: "auto",
            ControlPersist: 30,
            ControlPath: pathOption(this.#controlPath()),
          }
        : { ControlMaster: "no", ControlPath: "none" }),
    };
    const words = Object.entries(options).flatMap(([option, value]) => [
      "-o",
      `${option}=${value}`,
    ]);
    if (user !== null) words.push("-l", user);
    if (port !== null) words.push("-p", String(port));
    return ["-T", ...words];
  }

  /** Private, and short: a socket's path has about a hundred characters. */
  #controlPath(): string {
    this.#controlFolder ??= mkdtempSync(join(tmpdir(), "bg-ssh-"));
    return join(this.#controlFolder, "s");
  }

  #failed(path: string, what: string, stderr: string): never {
    const why = stderr.trim() === "" ? "the text arrived cut short" : stderr.trim();
    throw new BlueGreenError(
      "STORE_FAILED",
      `${path} on ${this.name} couldn't be ${what}: ${why}`,
      {
        hint: "Free disk space there or fix the folder's permissions, then run the command again.",
      },
    );
  }

  /** @param what what was to be done there: "ask 127.0.0.1:80" */
  #silent(what: string, withinMs: number): BlueGreenError {
    const message = `the router's host ${this.name} gave no answer within ${withinMs} ms to "${what}"`;
    return new BlueGreenError("HOST_UNREACHABLE", message, {
      hint: "Look whether the host is overloaded or the network between is cut; then run it again.",
    });
  }
}

type ScriptName = keyof typeof scripts;

/** In English, as what it says is understood here. */
function inShell(name: ScriptName, words: readonly string[]): readonly string[] {
  return ["env", "LC_ALL=C", "sh", "-c", scripts[name], "sh", ...words];
}

/** OpenSSH reads an option as a line of its configuration, and fills in what follows a `%`. */
function pathOption(path: string): string {
  return `"${path.replaceAll("%", "%%")}"`;
}

function nonce(): string {
  return `${process.pid}.${randomBytes(4).toString("hex")}`;
}

function sizeIn(line: string): FileSize | null {
  const [bytes, blocks, seconds] = /^\d+ \d+ \d+$/.test(line) ? line.split(" ").map(Number) : [];
  if (bytes === undefined || blocks === undefined || seconds === undefined) return null;
  return { bytes, usedBytes: blocks * blockBytes, changedAt: seconds * 1000 };
}
