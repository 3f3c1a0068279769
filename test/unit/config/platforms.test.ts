/** Settings of more than one platform: each rule holds for the one that is chosen. */

import { describe, expect, test } from "vitest";
import { BlueGreenError } from "../../../infra/errors.ts";
import { parseSettings, parseSettingsFile, settingsMarkdown } from "../../../infra/config.ts";
import { absolutePaths } from "../../../infra/config/absolute-paths.ts";
import { isAtHome } from "../../../infra/config/at-home.ts";

const process = { kind: "process", command: ["app"] };
const servers = {
  kind: "servers",
  blue: ["10.0.0.1:80", "10.0.0.2:80"],
  green: ["10.0.0.3:80"],
  install: ["./install", "{version}"],
};

function parse(proxy: unknown, more: Record<string, string> = {}) {
  const raw = { environment: "dev", platform: "proxy", proxy: JSON.stringify(proxy), ...more };
  return parseSettings(raw);
}

function linesOf(proxy: unknown, more: Record<string, string> = {}): readonly string[] {
  try {
    parse(proxy, more);
    return [];
  } catch (error) {
    if (error instanceof BlueGreenError) return error.details;
    throw error;
  }
}

describe("the platform proxy", () => {
  test("needs no command of the platform local", () => {
    expect(linesOf({ colors: process })).toEqual([]);
    expect(linesOf({ colors: servers })).toEqual([]);
  });

  test("needs a command for processes, unless both colors are given", () => {
    expect(linesOf({})).toEqual([expect.stringMatching(/^bluegreen:proxy\.colors\.command/)]);
    const given = '{"blue":{"addresses":["10.0.0.1:80"]},"green":{"addresses":["10.0.0.2:80"]}}';
    expect(linesOf({}, { given })).toEqual([]);
  });

  test("isn't asked for while another platform is chosen", () => {
    const local = '{"command":["app"]}';
    expect(linesOf({}, { platform: "local", local })).toEqual([]);
    expect(linesOf({ colors: process }, { platform: "local" })).toEqual([
      expect.stringMatching(/^bluegreen:local\.command/),
    ]);
  });

  test("needs a claim that outlives all servers, one after the other, each twice", () => {
    expect(linesOf({ colors: { ...servers, start: "1m" } }, { claim: "5m" })).toEqual([]);
    const [line, ...others] = linesOf({ colors: { ...servers, start: "1m" } }, { claim: "4m" });
    expect(others).toEqual([]);
    expect(line).toMatch(/^bluegreen:claim .*ends before .*bluegreen:proxy\.colors\.start/);
  });

  test("never has the router's own address among a color's", () => {
    const given = '{"blue":{"addresses":["127.0.0.1:8080"]}}';
    expect(linesOf({ colors: process }, { given })).toEqual([
      expect.stringMatching(/^bluegreen:given\.blue\.addresses\[0\].*router's own address/),
    ]);
  });

  test("says which kind of colors there is, and which keys it has", () => {
    expect(linesOf({ colors: { kind: "server" } })[0]).toMatch(
      /^bluegreen:proxy\.colors\.kind = "server": is unknown; write "servers"$/,
    );
    expect(linesOf({ colors: { command: ["app"] } })[0]).toMatch(
      /^bluegreen:proxy\.colors\.kind: is missing; write "process" or "servers"$/,
    );
    expect(linesOf({ colors: { ...process, instal: ["x"] } })[0]).toMatch(/is an unknown key/);
    expect(linesOf({ colors: { ...servers, instal: ["x"] } })[0]).toMatch(
      /write bluegreen:proxy\.colors\.install$/,
    );
  });

  test("takes what the engine's CLI wrote as numbers and text", () => {
    const colors = {
      kind: "process",
      command: ["app", 1],
      instances: "3",
      ports: { blue: "9000" },
    };
    expect(parse({ colors, port: "81" }).proxy).toMatchObject({
      port: 81,
      colors: { command: ["app", "1"], instances: 3, ports: { blue: 9000, green: 9200 } },
    });
  });

  test("may have secrets in the environment of its processes, and nowhere else", () => {
    const text = (colors: string) =>
      `config:\n  bluegreen:environment: dev\n  bluegreen:platform: proxy\n` +
      `  bluegreen:proxy:\n    colors: ${colors}\n`;
    const secret = "{ secure: v1:abc }";
    const settings = parseSettingsFile(
      text(`{ kind: process, command: [app], env: { TOKEN: ${secret} } }`),
      "Pulumi.dev.yaml",
    );
    expect(Object.keys("env" in settings.proxy.colors ? settings.proxy.colors.env : {})).toEqual([
      "TOKEN",
    ]);
    const command = text(`{ kind: process, command: [${secret}] }`);
    expect(() => parseSettingsFile(command, "Pulumi.dev.yaml")).toThrow(BlueGreenError);
  });

  test("has its working folders relative to the project", () => {
    const { proxy } = absolutePaths(parse({ colors: { ...process, cwd: "app" } }), "/srv/shop");
    expect(proxy.colors.cwd).toBe("/srv/shop/app");
    const other = absolutePaths(parse({ colors: servers }), "/srv/shop");
    expect(other.proxy.colors.cwd).toBe("/srv/shop");
  });

  test("is all on this machine only with processes and a router here", () => {
    expect(isAtHome(parse({ colors: process }))).toBe(true);
    expect(isAtHome(parse({ colors: servers }))).toBe(false);
    const ssh = { host: "localhost" };
    expect(isAtHome(parse({ colors: process, ssh, dir: "/srv/bg" }))).toBe(false);
  });

  test("has a row for every key of every kind of colors", () => {
    const rows = settingsMarkdown();
    expect(rows).toContain("| `proxy.colors[process].ports.blue` |");
    expect(rows).toContain("| `proxy.colors[servers].ssh.user` |");
  });
});
