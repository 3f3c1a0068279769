/** From options, guesses and a person's answers to what the files are to say. */

import { basename, join } from "node:path";
import { createInterface } from "node:readline/promises";
import type { Settings } from "../../infra/config.ts";
import { BlueGreenError } from "../../infra/errors.ts";
import { newApplicationId } from "../engine/application.ts";
import { guessApplication } from "./guess.ts";
import type { Guess } from "./guess.ts";
import {
  knownApplication,
  otherEnvironments,
  ownSettings,
  portOf,
  readIfThere,
} from "./other-environments.ts";
import type { OtherEnvironment } from "./other-environments.ts";
import { defaultPort, freePort } from "./port.ts";
import { takeOver } from "./take-over.ts";
import { settingsText } from "./template.ts";
import type { Answers } from "./template.ts";

/** As given on the command line; null: to be guessed or asked for. */
export interface Wishes {
  readonly cwd: string;
  readonly environment: string;
  readonly name: string | null;
  readonly command: readonly string[];
  readonly port: number | null;
  readonly instances: number | null;
  readonly health: string | null;
  readonly versionPath: string | null;
}

export interface Answered {
  readonly answers: Answers;
  /** Text of the settings file. */
  readonly text: string;
  /** The settings file that they were taken over from; null where there is none. */
  readonly from: string | null;
  /** What was guessed or taken over and on what ground, a sentence each. */
  readonly notes: readonly string[];
}

/** Asks a person; null: nobody can be asked. */
export type Ask = ((question: string, preset: string) => Promise<string>) | null;

const defaultInstances = 2;

/**
 * As the settings file says, where it is there already; else as in another environment of the
 * project, where there is one; else by guesses and questions.
 * @throws USAGE where nothing says how the application is started
 */
export async function answer(wishes: Wishes, ask: Ask): Promise<Answered> {
  const others = otherEnvironments(wishes.cwd, wishes.environment);
  const name = projectName(wishes.name ?? basename(wishes.cwd));
  const own = ownSettings(wishes.cwd, wishes.environment);
  if (own?.settings) {
    const application = own.settings.application ?? knownApplication(others);
    return answerOwn({ ...own, settings: own.settings }, name, application);
  }
  const like = others.flatMap((other) => likely(other, wishes) ?? [])[0] ?? null;
  const belongs = like?.settings.application ?? knownApplication(others);
  const application = belongs ?? newApplicationId(name);
  const taken = others.flatMap(({ settings }) => (settings ? [portOf(settings)] : []));
  const start = like ? like.settings.local.port + 1 : defaultPort;
  const port = wishes.port ?? (await freePort(start, taken));
  const known = { name, application, port };
  if (like) return answerLike(like, wishes, known);
  const guessed = await answerByGuess(wishes, ask, known);
  const left = others.map((other) => `nothing is taken over from ${other.name}: ${why(other)}`);
  return { ...guessed, notes: [...left, ...guessed.notes] };
}

/** The file stays as it is, so nothing is asked and no wish changes it. */
function answerOwn(
  { name: from, text, environment, settings }: Like,
  name: string,
  application: string | null,
): Answered {
  const { health, checks } = settings;
  const version = checks.find(({ kind }) => kind === "version");
  const answers = {
    ...{ name, application: application ?? newApplicationId(name), environment },
    ...{ port: portOf(settings), ...startOf(settings) },
    health: health.path,
    versionPath: version?.kind === "version" ? version.path : null,
  };
  return { answers, text, from, notes: [] };
}

/** Of what runs on this machine; nothing is started where somebody else manages the instances. */
function startOf({ platform, local, proxy }: Settings): Pick<Answers, "command" | "instances"> {
  const { colors } = proxy;
  const started = platform === "proxy" && colors.kind === "process" ? colors : null;
  const { command, instances } = started ?? local;
  return { command, instances };
}

type Like = OtherEnvironment & { readonly settings: Settings };

/** Only what is on this machine as well can be like another environment; null otherwise. */
function likely(other: OtherEnvironment, { command }: Wishes): Like | null {
  const { settings } = other;
  if (settings?.platform !== "local") return null;
  return command.length + settings.local.command.length > 0 ? { ...other, settings } : null;
}

function why({ settings, environment }: OtherEnvironment): string {
  if (!settings) return `it has problems, which \`bluegreen status -s ${environment}\` names`;
  if (settings.platform === "local") return "it has no command";
  return `it is on the platform ${settings.platform}, this one is on \`local\``;
}

type Known = Pick<Answers, "name" | "application" | "port">;

async function answerByGuess(wishes: Wishes, ask: Ask, known: Known): Promise<Answered> {
  const { cwd, environment } = wishes;
  const guess = guessApplication((name) => readIfThere(join(cwd, name)));
  const answers = {
    ...known,
    environment,
    command: await chooseCommand(wishes, guess, ask),
    instances: wishes.instances ?? defaultInstances,
    health: await chooseHealth(wishes, guess, ask),
    versionPath: wishes.versionPath ?? guess?.versionPath ?? null,
  };
  return {
    answers,
    text: settingsText(answers),
    from: null,
    notes: notesOn(wishes, guess, answers),
  };
}

function answerLike(other: Like, wishes: Wishes, known: Known): Answered {
  const { settings } = other;
  const { environment, instances, health, versionPath } = wishes;
  const command = wishes.command.length > 0 ? wishes.command : null;
  const own = { ...known, environment, instances, health, versionPath, command };
  const { text, secrets } = takeOver(other, own);
  const version = settings.checks.find(({ kind }) => kind === "version");
  const answers = {
    ...known,
    environment,
    command: command ?? settings.local.command,
    instances: instances ?? settings.local.instances,
    health: health ?? settings.health.path,
    versionPath: versionPath ?? (version?.kind === "version" ? version.path : null),
  };
  return { answers, text, from: other.name, notes: notesOnOther(other, answers, secrets) };
}

function notesOnOther(
  { name, environment, settings }: Like,
  { environment: made, port }: Answers,
  secrets: readonly string[],
): readonly string[] {
  const closed = secrets.map((key) => key.slice(key.lastIndexOf(".") + 1));
  const shared = Object.keys(settings.local.env).filter((key) => !closed.includes(key));
  return [
    `all as in ${name}, but for port ${port}; no color is active yet`,
    ...(shared.length > 0
      ? [`env ${shared.join(", ")} as in ${environment}: change what ${made} must not share`]
      : []),
    ...secrets.map((key) => `${key} is a secret and not taken over; ${setting(made, key)}`),
  ];
}

/** Only a stack that exists can encrypt. */
function setting(environment: string, key: string): string {
  const by = `bluegreen pulumi -s ${environment} -- config set --secret --path '${key}'`;
  return `set it after \`bluegreen up\`: ${by}`;
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
    hint: "name it after two dashes: `bluegreen init -- node server.js`",
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
