/** Guesses from the files of a folder how its application is started and asked. Pure. */

export interface Guess {
  /** The words that start one instance. */
  readonly command: readonly string[];
  /** What the guess rests on, for a person. */
  readonly why: string;
  /** Null: nothing in the code looks like a path for health. */
  readonly health: string | null;
  /** Null: nothing in the code looks as if it told the release's version. */
  readonly versionPath: string | null;
}

/** Text of a file in the folder; null where there is none. */
export type ReadFile = (name: string) => string | null;

/** Null: nothing here says how the application is started. */
export function guessApplication(read: ReadFile): Guess | null {
  for (const guess of [guessNode, guessPython, guessGo]) {
    const found = guess(read);
    if (found) return { ...found, ...pathsIn(found.source) };
  }
  return null;
}

interface Start {
  readonly command: readonly string[];
  readonly why: string;
  /** Text of the file that is started. */
  readonly source: string;
}

/** A plain `node FILE` is run as it is: npm in between would only hold up signals. */
function guessNode(read: ReadFile): Start | null {
  const start = startScript(read("package.json"));
  if (start === null) return null;
  const words = start.trim().split(/\s+/);
  const plain = words[0] === "node" && /^[\w\s./=:@-]+$/.test(start);
  const file = words.slice(1).find((word) => !word.startsWith("-"));
  const source = (plain && file !== undefined && read(file)) || "";
  const why = `the script "start" in package.json: ${start}`;
  return { command: plain ? words : ["npm", "start"], why, source };
}

/** Null where package.json is missing, isn't JSON or has no such script. */
function startScript(text: string | null): string | null {
  if (text === null) return null;
  try {
    const { scripts } = JSON.parse(text) as { scripts?: { start?: unknown } };
    return typeof scripts?.start === "string" ? scripts.start : null;
  } catch {
    return null;
  }
}

function guessPython(read: ReadFile): Start | null {
  for (const file of ["app.py", "main.py"]) {
    const source = read(file);
    if (source !== null) return { command: ["python3", file], why: `the file ${file}`, source };
  }
  return null;
}

function guessGo(read: ReadFile): Start | null {
  if (read("go.mod") === null) return null;
  const command = ["go", "run", "."];
  return { command, why: "the file go.mod", source: read("main.go") ?? "" };
}

const healthPaths = ["/healthz", "/health", "/livez", "/readyz", "/ready", "/ping"];

function pathsIn(source: string): Pick<Guess, "health" | "versionPath"> {
  const health = healthPaths.find((path) => mentions(source, path)) ?? null;
  // A version that the code doesn't take from the environment is the same in every release.
  const told = mentions(source, "/version") && /\bVERSION\b/.test(source);
  return { health, versionPath: told ? "/version" : null };
}

function mentions(source: string, path: string): boolean {
  return new RegExp(`${path}(?![\\w/-])`).test(source);
}
