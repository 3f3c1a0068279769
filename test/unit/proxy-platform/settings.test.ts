/** The settings of the platform: defaults, what is refused and how that is said. */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseSettings } from "../../../infra/config.ts";
import { BlueGreenError } from "../../../infra/errors.ts";
import { settle } from "../../../infra/config/settled.ts";
import { accessOf } from "../../../infra/platforms/proxy/access.ts";
import { thisMachine } from "../../../infra/platforms/proxy/hosts/this-machine.ts";
import type { ProxySettings } from "../../../infra/platforms/proxy/settings.ts";
import {
  proxySchema,
  routerAccessOf,
  serverAccessOf,
  specOf,
} from "../../../infra/platforms/proxy/settings.ts";
import { hostileChange } from "./specs.ts";

const place = { dir: "/var/lib/bluegreen/shop", drainMs: 10_000 };
const servers = {
  kind: "servers",
  blue: ["10.0.0.1:8080", "10.0.0.2:8080"],
  green: ["10.0.0.3:8080"],
  install: ["./install.sh", "{host}", "{version}", "{color}", "{port}"],
};

function parse(input: unknown): ProxySettings {
  return settle(proxySchema.parse(input));
}

/** As they are printed. */
function refusalOf(raw: Readonly<Record<string, string>>): readonly string[] {
  try {
    parseSettings(raw);
  } catch (error) {
    if (error instanceof BlueGreenError) return error.details;
    throw error;
  }
  return [];
}

/** `path: message` of each problem. */
function problemsOf(input: unknown): string[] {
  const result = proxySchema.safeParse(input);
  return (result.error?.issues ?? []).map(({ path, message }) => `${path.join(".")}: ${message}`);
}

test("nothing needs to be set", () => {
  const settings = parse({});
  expect(settings).toMatchObject({
    dialect: "nginx",
    mode: "managed",
    port: 8080,
    timeoutMs: 60_000,
    ssh: null,
    colors: { kind: "process", instances: 2, ports: { blue: 9100, green: 9200 } },
  });
  const spec = specOf(settings, place);
  expect(spec).toMatchObject({
    ...place,
    program: "nginx",
    reload: ["systemctl", "reload", "nginx"],
  });
  expect(() => accessOf(spec, thisMachine)).not.toThrow();
});

test("an adopted HAProxy's runtime socket is where Debian has it", () => {
  const input = { dialect: "haproxy", mode: "adopted", url: "https://shop.example" };
  expect(specOf(parse(input), place).socket).toBe("/run/haproxy/admin.sock");
  expect(specOf(parse({ dialect: "haproxy" }), place).socket).toBeNull();
});

test("servers and the router may be on other machines", () => {
  const ssh = { host: "router.example", user: "deploy", sudo: true };
  const colors = { ...servers, ssh: { user: "app", port: 2222 } };
  const settings = parse({ ssh, host: "0.0.0.0", dir: "/srv/bg", colors });
  expect(routerAccessOf(settings)).toMatchObject({ host: "router.example", sudo: true, key: null });
  expect(serverAccessOf(settings, "10.0.0.1")).toMatchObject({ host: "10.0.0.1", port: 2222 });
  expect(serverAccessOf(parse({ colors: servers }), "10.0.0.1")).toBeNull();
});

test("the router knows from the start where each color will be", () => {
  const ports = { blue: 9_000, green: 9_100 };
  const processes = parse({ colors: { kind: "process", ports } });
  expect(specOf(processes, place).reserved).toEqual({
    blue: ["127.0.0.1:9000", "127.0.0.1:9001"],
    green: ["127.0.0.1:9100", "127.0.0.1:9101"],
  });
  const given = { blue: ["10.9.9.9:1"] };
  expect(specOf(parse({ colors: servers }), { ...place, given }).reserved).toEqual({
    blue: given.blue,
    green: servers.green,
  });
});

describe("is refused, and says where and why", () => {
  const cases: readonly (readonly [string, unknown, string])[] = [
    ["a quote in a name", { name: 'a"' }, "name: has characters besides small letters and digits"],
    ["a space in a folder", { dir: "/var/my app" }, "dir: has characters besides"],
    ["a parent folder", { dir: "/var/../etc" }, 'dir: has a ".."'],
    ["a relative folder", { dir: "var" }, `dir: doesn't begin with "/"`],
    ["a name to listen on", { host: "localhost" }, "host: is a name"],
    ["a zone in an address", { host: "fe80::1%eth0;" }, "host: names a zone"],
    ["a section of ours", { upstream: "bg_shop_blue" }, 'upstream: begins with "bg_"'],
    ["a newline in a command", { reload: ["a\nb"] }, "reload.0: has control characters"],
    ["an empty command", { check: [] }, "check: Too small"],
    [
      "an option as a host",
      { ssh: { host: "-oProxyCommand=x" }, dir: "/a", host: "::", colors: servers },
      "ssh.host: doesn't have the right form",
    ],
    [
      "an option as a user",
      { ssh: { host: "a", user: "-l" }, dir: "/a", host: "::", colors: servers },
      "ssh.user: doesn't begin with a small letter",
    ],
    [
      "a percent in a key's path",
      { ssh: { host: "a", key: "/%h" }, dir: "/a", host: "::", colors: servers },
      "ssh.key: has characters",
    ],
    [
      "a remote router without a folder",
      { ssh: { host: "a" }, host: "::", colors: servers },
      "dir: isn't set, though",
    ],
    [
      "a remote router that only its own machine can ask",
      { ssh: { host: "a" }, dir: "/a", colors: servers },
      "host: is loopback on another machine",
    ],
    [
      "more instances than ports",
      { colors: { kind: "process", ports: { blue: 65_535 } } },
      "colors.ports.blue: leaves no ports for 2 instances",
    ],
    ["an adopted one without an address", { mode: "adopted" }, "url: isn't set, though"],
    ["an address with a script", { url: "javascript:1" }, "url: has another scheme"],
    [
      "ports that meet",
      { colors: { kind: "process", ports: { blue: 9100, green: 9101 } } },
      "colors.ports: has 127.0.0.1:9101 for both",
    ],
    [
      "a color on the router's port",
      { colors: { kind: "process", ports: { blue: 8079 } } },
      "colors: have the router's own address",
    ],
    [
      "a server of both colors",
      { colors: { ...servers, green: ["10.0.0.1:8080"] } },
      "colors.green: has 10.0.0.1:8080 for both",
    ],
    [
      "an unknown placeholder",
      { colors: { ...servers, install: ["x", "{verison}"] } },
      "colors.install.1: has an unknown placeholder",
    ],
    [
      "an address with an end",
      { colors: { ...servers, blue: ["10.0.0.1:80;"] } },
      "colors.blue.0: isn't host:port",
    ],
    [
      "a metadata address",
      { colors: { ...servers, blue: ["169.254.169.254:80"] } },
      "colors.blue.0: is a cloud metadata",
    ],
    ["an unknown key", { colour: 1 }, ": Unrecognized key"],
  ];

  test.each(cases)("%s", (_, input, problem) => {
    const problems = problemsOf(input);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(problem);
  });
});

test("settings that are accepted always make a spec that is", () => {
  let accepted = 0;
  fc.assert(
    fc.property(hostileChange, (input) => {
      const result = proxySchema.safeParse(input);
      if (!result.success) return;
      accepted += 1;
      expect(() => accessOf(specOf(settle(result.data), place), thisMachine)).not.toThrow();
    }),
    { numRuns: 2_000 },
  );
  expect(accepted).toBeGreaterThan(50);
});

test("a problem doesn't say what its fix says", () => {
  const wrong = {
    ...{ name: "Shop", host: "nope", dir: "var", program: "./nginx", user: "0", cookie: "A" },
    ...{ upstream: "1", url: "ftp://x", socket: "x", ssh: { host: "a b" } },
  };
  const lines = refusalOf({ environment: "dev", platform: "proxy", proxy: JSON.stringify(wrong) });
  expect(lines.length).toBeGreaterThan(9);
  expect(lines).toContain(
    `bluegreen:proxy.host = "nope": is a name; write an IP address to listen on, such as "127.0.0.1"`,
  );
  for (const line of lines) {
    const [, problem = "", fix = ""] = /: ([^;]*); write (.*)$/.exec(line) ?? [];
    expect(problem).not.toBe("");
    expect(fix).not.toContain(problem.replace(/^isn't /, ""));
  }
});

test("a command's first word is its program", () => {
  const adopted = { mode: "adopted", url: "https://shop.example", check: [""] };
  expect(problemsOf(adopted)).toEqual([expect.stringMatching(/^check\.0: is empty, and/)]);
  expect(problemsOf({ ...adopted, check: ["nginx", "-t", ""] })).toEqual([]);
  const command = { colors: { kind: "process", command: [" "] } };
  expect(problemsOf(command)).toEqual([expect.stringMatching(/^colors\.command\.0: is empty/)]);
});
