/** The resources of a router as the engine's state knows them: another name would replace them. */

import * as pulumi from "@pulumi/pulumi";
import { beforeEach, expect, test } from "vitest";

import { parseSettings } from "../../../infra/config.ts";
import type { Platform, Routes } from "../../../infra/platform.ts";
import { local } from "../../../infra/platforms/local/index.ts";
import { proxy } from "../../../infra/platforms/proxy/index.ts";

const routes: Routes = {
  weights: { blue: 100, green: 0 },
  attached: { blue: ["127.0.0.1:9001"], green: [] },
  generation: 4,
  rolloutId: "r4",
  mark: null,
  former: "green",
};
const common = { environment: "prod", application: "shop" };
const proxied = { ...common, platform: "proxy" };
const ports = { blue: 9100, green: 9200 };
const colors = { kind: "process", command: ["app"], instances: 1, ports };
const settings = {
  local: parseSettings({ ...common, local: JSON.stringify({ command: ["app"] }) }),
  proxy: parseSettings({ ...proxied, proxy: JSON.stringify({ colors }) }),
};

const made = new Map<string, Readonly<Record<string, unknown>>>();

beforeEach(async () => {
  made.clear();
  const newResource = ({ name, inputs }: pulumi.runtime.MockResourceArgs) => {
    made.set(name, inputs as Readonly<Record<string, unknown>>);
    return { id: name, state: inputs as object };
  };
  await pulumi.runtime.setMocks({ newResource, call: () => ({}) }, "shop", "prod", false);
});

/** URNs of the router and of its parts, without what the stack is called; then what it puts out. */
async function routerOf(platform: Platform) {
  const parts: pulumi.Resource[] = [];
  const noting: pulumi.ResourceTransformation = ({ resource }) => {
    parts.push(resource);
    return undefined;
  };
  const args = { settings: settings[platform.name as "local" | "proxy"], routes };
  const { outputs } = platform.router("prod", args, { transformations: [noting] });
  const put = await new Promise((resolve) => outputs.apply(resolve));
  const urns = await Promise.all(
    parts.map((part) => new Promise<string>((resolve) => part.urn.apply(resolve))),
  );
  return { put, urns: urns.map((urn) => urn.split("::").slice(2).join("::")) };
}

test("the local router keeps its names, and is told where it runs and what it routes", async () => {
  const { put, urns } = await routerOf(local);
  expect(urns).toEqual([
    "bluegreen-core:local:LocalRouter::prod",
    "bluegreen-core:local:LocalRouter$bluegreen-core:local:Router::prod-router",
    "bluegreen-core:local:LocalRouter$bluegreen-core:local:Route::prod-route",
  ]);
  expect(put).toEqual({ url: "http://127.0.0.1:8080" });
  expect(made.get("prod-router")).toMatchObject({ host: "127.0.0.1", port: 8080 });
  const dir = made.get("prod-router")?.["dir"] ?? expect.fail("the process has no folder");
  expect(made.get("prod-route")).toEqual({ dir, ...routes });
});

test("the router on a server keeps its names, and is told the addresses to be reserved", async () => {
  const { put, urns } = await routerOf(proxy);
  expect(urns).toEqual([
    "bluegreen-core:proxy:ProxyRouter::prod",
    "bluegreen-core:proxy:ProxyRouter$bluegreen-core:proxy:Router::prod-router",
    "bluegreen-core:proxy:ProxyRouter$bluegreen-core:proxy:Route::prod-route",
  ]);
  expect(put).toEqual({ url: "http://127.0.0.1:8080" });
  const { spec, ssh } = made.get("prod-router") ?? expect.fail("there is no server");
  const reserved = { blue: ["127.0.0.1:9100"], green: ["127.0.0.1:9200"] };
  expect(made.get("prod-route")).toEqual({ spec, ssh, reserved, ...routes });
});
