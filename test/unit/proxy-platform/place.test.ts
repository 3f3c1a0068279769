/** Where a router's files are, by the settings and by who runs it. */

import { expect, test } from "vitest";
import { parseSettings } from "../../../infra/config.ts";
import type { Settings } from "../../../infra/config.ts";
import { reservedOf, routerFolder, routerPlaceOf } from "../../../infra/platforms/proxy/place.ts";
import { urlOf } from "../../../infra/platforms/proxy/url.ts";

function settingsOf(
  proxy: Record<string, unknown> = {},
  more: Record<string, string> = {},
): Settings {
  const colors = { kind: "process", command: ["app"] };
  return parseSettings({
    environment: "prod",
    application: "shop",
    platform: "proxy",
    proxy: JSON.stringify({ colors, ...proxy }),
    ...more,
  });
}

const servers = {
  kind: "servers",
  blue: ["10.0.0.1:80"],
  green: ["10.0.0.2:80"],
  install: ["install"],
};
const ann = { getuid: () => 1000, env: { HOME: "/home/ann", XDG_STATE_HOME: "/home/ann/state" } };

test("root's are where workers with another account may enter, others' in the state folder", () => {
  const root = { getuid: () => 0, env: { HOME: "/root" } };
  expect(routerFolder(settingsOf(), root)).toBe("/var/lib/bluegreen/shop/prod/router");
  const own = "/home/ann/state/bluegreen/shop/environments/prod/router";
  expect(routerFolder(settingsOf(), ann)).toBe(own);
});

test("a state folder that no configuration can name is left for one in the home", () => {
  const env = { HOME: "/Users/ann", XDG_STATE_HOME: "/Users/ann/Application Support" };
  expect(routerFolder(settingsOf(), { ...ann, env })).toBe(
    "/Users/ann/.bluegreen/shop/prod/router",
  );
});

test("the settings decide over both, and no application is said before anything is made", () => {
  const { spec, ssh } = routerPlaceOf(settingsOf({ dir: "/srv/bg" }));
  expect(spec).toMatchObject({ dir: "/srv/bg", drainMs: 10_000 });
  expect(ssh).toBeNull();
  const nameless = { ...settingsOf(), application: null };
  expect(() => routerFolder(nameless, ann)).toThrow(/application isn't set/);
});

test("what is reserved is the routes' matter, with the addresses of given colors", () => {
  const given = JSON.stringify({ blue: { addresses: ["10.0.0.1:80"] } });
  const settings = settingsOf({ dir: "/srv/bg" }, { given });
  expect(routerPlaceOf(settings).spec).not.toHaveProperty("reserved");
  expect(reservedOf(settings)).toEqual({
    blue: ["10.0.0.1:80"],
    green: ["127.0.0.1:9200", "127.0.0.1:9201"],
  });
});

test.each([
  [{}, "http://127.0.0.1:8080"],
  [{ host: "0.0.0.0", port: 80 }, "http://127.0.0.1:80"],
  [
    { host: "0.0.0.0", port: 80, dir: "/a", ssh: { host: "router" }, colors: servers },
    "http://router:80",
  ],
  [{ host: "::1", port: 81 }, "http://[::1]:81"],
  [{ url: "https://shop.example", host: "0.0.0.0" }, "https://shop.example"],
])("the public address by %j is %s", (proxy, url) => {
  expect(urlOf(settingsOf(proxy))).toBe(url);
});
