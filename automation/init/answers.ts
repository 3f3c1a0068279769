/** From options, guesses and a person's answers to what the files are to say. */

import { readFileSync, readdirSync } from "node:fs";
import { connect } from "node:net";
import { basename, join } from "node:path";
import { createInterface } from "node:readline/promises";
import { BlueGreenError } from "../../infra/errors.ts";
import { newApplicationId } from "../engine/application.ts";
import { guessApplication } from "./guess.ts";
import type { Guess } from "./guess.ts";
import type { Answers } from "./template.ts";

/** As given on the command line; null: to be guessed or asked for. */
export interface Wishes {
  readonly cwd: string;
  readonly environment: string;
  readonly name: string | null;
  readonly command: readonly string[];
  readonly port: number | null;
  readonly instances: number;
  readonly health: string | null;
  readonly versionPath: string | null;
}

export interface Answered {
  readonly answers: Answers;
  /** What was guessed and on what ground, a sentence each. */
  readonly notes: readonly string[];
}

/** Asks a person; null: nobody can be asked. */
export type Ask = ((question: string, preset: string) => Promise<string>) | null;

const defaultPort = 8080;
const portsTried = 50;

/** @throws USAGE where nothing says how the application is started */
export async function answer(wishes: Wishes, ask: Ask): Promise<Answered> {
  const { cwd, environment, instances } = wishes;
  const guess = guessApplication((name) => readIfThere(join(cwd, name)));
  const command = await chooseCommand(wishes, guess, ask);
  const health = await chooseHealth(wishes, guess, ask);
  const port = wishes.port ?? (await freePort());
  const name = projectName(wishes.name ?? basename(cwd));
  const versionPath = wishes.versionPath ?? guess?.versionPath ?? null;
  const application = knownApplication(cwd) ?? newApplicationId(name);
  const answers = {
    name,
    application,
    environment,
    command,
    port,
    instances,
    health,
    versionPath,
  };
  return { answers, notes: notesOn(wishes, guess, answers) };
}

async function chooseCommand(
  { command }: Wishes,
  guess: Guess | null,
  ask: Ask,
): Promise<readonly string[]> {
  if (command.length > 0) return command;
  const preset = guess?.command.join(" ") ?? "";
  const said = ask ? await ask("command that starts one instance", preset) : preset;
  const words = said === preset ? (guess?.command ?? []) : said.split(/\s+/).filter(Boolean);
  if (words.length > 0) return words;
  throw new BlueGreenError("USAGE", "nothing here says how the application is started", {
    hint: "name it after two dashes: bluegreen init -- node server.js",
  });
}

async function chooseHealth({ health }: Wishes, guess: Guess | null, ask: Ask): Promise<string> {
  if (health !== null) return health;
  const preset = guess?.health ?? "/";
  return ask ? ask("path that answers 200 while an instance is healthy", preset) : preset;
}

function notesOn(wishes: Wishes, guess: Guess | null, answers: Answers): readonly string[] {
  const guessed = wishes.command.length === 0 && guess?.command === answers.command;
  const away = wishes.port === null && answers.port !== defaultPort;
  const healthy =
    wishes.health === null && (guess?.health ?? "/") === "/" && answers.health === "/";
  return [
    ...(guessed ? [`command ${answers.command.join(" ")}: from ${guess.why}`] : []),
    ...(healthy ? ["health is asked at /: name a better path with --health"] : []),
    ...(away ? [`port ${answers.port}: ${defaultPort} is taken on this machine`] : []),
  ];
}

/** The alphabet of Pulumi's project names. */
function projectName(wanted: string): string {
  const name = wanted.replaceAll(/[^\w.-]+/g, "-").replaceAll(/^[-.]+|[-.]+$/g, "");
  return name === "" ? "application" : name.slice(0, 100);
}

/** Environments of one project belong to one application. */
function knownApplication(cwd: string): string | null {
  const files = readdirSync(cwd).filter((name) => /^Pulumi\..+\.yaml$/.test(name));
  const found = files.flatMap((name) => {
    const text = readIfThere(join(cwd, name)) ?? "";
    return /^\s*bluegreen:application:\s*["']?([\w.-]+)/m.exec(text)?.[1] ?? [];
  });
  return found[0] ?? null;
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR" || code === "EISDIR") return null;
    throw error;
  }
}

async function freePort(): Promise<number> {
  for (let port = defaultPort; port < defaultPort + portsTried; port += 1) {
    if (!(await answers(port))) return port;
  }
  return defaultPort;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port });
    const end = (taken: boolean): void => {
      socket.destroy();
      resolve(taken);
    };
    socket.once("connect", () => {
      end(true);
    });
    socket.once("error", () => {
      end(false);
    });
  });
}

/** Asks on the terminal; an empty answer takes the preset. */
export async function askOnTerminal(question: string, preset: string): Promise<string> {
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const said = await prompt.question(`${question}${preset === "" ? "" : ` [${preset}]`}: `);
    return said.trim() === "" ? preset : said.trim();
  } finally {
    prompt.close();
  }
}
