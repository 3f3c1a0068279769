import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import type { TargetReading } from "../../../infra/model.ts";
import { platformOf } from "../../../infra/platforms/index.ts";
import { examineColor } from "../../../automation/operations/check-color.ts";
import { baking, healthy, settingsWith } from "./baking.ts";

const away: TargetReading = {
  ...healthy,
  ready: 0,
  reachable: false,
  problems: ["10.9.9.9:80: no route to the host"],
};

const server = createServer((_, response) => response.end("tea"));

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

/** Green as the platform reads it, and as its instances answer. */
async function examined(target: TargetReading, more: Readonly<Record<string, string>> = {}) {
  const { view } = baking();
  const settings = settingsWith(more);
  const { targets } = view.reading;
  const reading = { ...view.reading, targets: { ...targets, green: target } };
  const { signal } = new AbortController();
  const checked = { settings, platform: platformOf(settings), cwd: "/", signal };
  return examineColor(checked, { ...view, reading }, "green");
}

test("a color of which nobody was reached is no passed one", async () => {
  const { verdict, findings } = await examined(away);
  expect(verdict).toBe("inconclusive");
  expect(findings[0]).toMatchObject({
    name: "health",
    sentence:
      "none of the 2 instances can be reached from here, and no other check has reached green: add one, such as `http`",
    evidence: "10.9.9.9:80: no route to the host",
  });
});

test("another check may reach what health can't", async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const checks = JSON.stringify([
    { kind: "command", argv: [process.execPath, "-e", `fetch("http://127.0.0.1:${port}/")`] },
  ]);
  const { verdict, findings } = await examined(away, { checks });
  expect(findings.map((each) => each.verdict)).toEqual(["pass", "pass"]);
  expect(verdict).toBe("pass");
});

test("instances that aren't ready fail", async () => {
  const { verdict, findings } = await examined({ ...healthy, ready: 1 });
  expect(verdict).toBe("fail");
  expect(findings[0]?.sentence).toBe("1 of 2 instances are ready");
});
