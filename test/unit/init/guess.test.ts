import { describe, expect, test } from "vitest";
import { guessApplication } from "../../../automation/init/guess.ts";

function guess(files: Readonly<Record<string, string>>) {
  return guessApplication((name) => files[name] ?? null);
}

describe("the command is guessed", () => {
  test("from a start script that is a plain node call, without npm in between", () => {
    const manifest = '{"scripts": {"start": "node --enable-source-maps src/server.js"}}';
    expect(guess({ "package.json": manifest })).toMatchObject({
      command: ["node", "--enable-source-maps", "src/server.js"],
    });
  });

  test("as npm start where the script is more than that", () => {
    const manifest = '{"scripts": {"start": "npm run build && node dist"}}';
    expect(guess({ "package.json": manifest })?.command).toEqual(["npm", "start"]);
  });

  test("from a Python file, and from go.mod", () => {
    expect(guess({ "main.py": "" })?.command).toEqual(["python3", "main.py"]);
    expect(guess({ "go.mod": "module shop" })?.command).toEqual(["go", "run", "."]);
  });

  test("past a package.json without a start script or that isn't JSON", () => {
    expect(guess({ "package.json": "{}", "app.py": "" })?.command).toEqual(["python3", "app.py"]);
    expect(guess({ "package.json": "{", "app.py": "" })?.command).toEqual(["python3", "app.py"]);
  });

  test("not at all where nothing says it", () => {
    expect(guess({ "README.md": "" })).toBeNull();
  });
});

describe("paths are guessed from the code that is started", () => {
  const manifest = '{"scripts": {"start": "node server.js"}}';

  test("health by the usual names, the whole word only", () => {
    const source = `if (url === "/healthy-food" || url === "/health") reply(200)`;
    expect(guess({ "package.json": manifest, "server.js": source })?.health).toBe("/health");
    expect(guess({ "package.json": manifest, "server.js": "" })?.health).toBeNull();
  });

  test("the version only where it comes from the environment", () => {
    const fixed = `if (url === "/version") reply("1.0.0")`;
    const told = `if (url === "/version") reply(process.env.VERSION)`;
    expect(guess({ "app.py": fixed })?.versionPath).toBeNull();
    expect(guess({ "app.py": told })?.versionPath).toBe("/version");
  });
});
