/** The probe as a judge steers it: what it asks for, and which color it leaves alone. */

import { afterEach, expect, test, vi } from "vitest";
import { SwitchProbe } from "../../../automation/operations/switch-probe.ts";
import { previewHeader } from "../../../infra/headers.ts";
import { parseSettings } from "../../../infra/config.ts";
import { Servers } from "../probe/servers.ts";

const servers = new Servers();
const probes: SwitchProbe[] = [];

afterEach(async () => {
  await Promise.all(probes.splice(0).map((probe) => probe.stop(() => undefined)));
  await servers.close();
});

const settings = parseSettings({
  environment: "dev",
  local: JSON.stringify({ command: ["node", "server.ts"] }),
  probe: JSON.stringify({ path: "/healthz", ratePerSecond: 100 }),
  bake: JSON.stringify({ synthetic: { paths: ["/", "/orders"] } }),
});

/** Green answers, but for the preview header's requests. */
async function probing() {
  const asked: { path: string; preview: boolean }[] = [];
  const { url } = await servers.http(({ url: path = "", headers }, response) => {
    const preview = previewHeader in headers;
    asked.push({ path, preview });
    response.writeHead(preview ? 500 : 200, { "x-bluegreen-color": preview ? "blue" : "green" });
    response.end();
  });
  const probe = new SwitchProbe({ settings, url });
  probes.push(probe);
  return { asked, probe };
}

async function enough(probe: SwitchProbe): Promise<void> {
  await vi.waitFor(
    async () => {
      const { served } = await probe.ended();
      expect(served.green.total).toBeGreaterThan(10);
    },
    { timeout: 10_000, interval: 20 },
  );
}

test("a judge that begins it has its own paths asked, from the first request on", async () => {
  const { asked, probe } = await probing();
  await probe.begin({ color: "green", former: "blue", alone: true });
  await enough(probe);
  expect(new Set(asked.map(({ path }) => path))).toEqual(new Set(["/", "/orders"]));
  expect(asked.some(({ preview }) => preview)).toBe(true);
});

test("a color that is to be left alone is asked only once it matters whether it fails", async () => {
  const { asked, probe } = await probing();
  await probe.begin({ color: "green", former: "blue", alone: true, previews: false });
  await enough(probe);
  expect(asked.filter(({ preview }) => preview)).toEqual([]);
  const failing = { share: 1, p0: 0.01, alpha: 0.01, users: false };
  expect(await probe.formerFails(failing)).toBe(true);
  expect(asked.some(({ preview }) => preview)).toBe(true);
});
