/** Who has a port, or serves on without a folder, told by command lines of real processes. */

import { mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { BlueGreenError } from "../../../infra/errors.ts";
import { diagnoseLocal } from "../../../infra/platforms/local/diagnosis.ts";
import { ownerOfPort } from "../../../infra/platforms/local/own-processes.ts";
import { placeOf } from "../../../infra/platforms/local/place.ts";
import { startRouter } from "../../../infra/platforms/local/router/client.ts";
import { ensureColor } from "../../../infra/platforms/local/supervisor/client.ts";
import { parseSettingsFile } from "../../../infra/config.ts";
import { endProcesses } from "../../support/project/processes.ts";
import { freePort, onEnd, processDir, specOf, tempDir } from "../router/support.ts";
import { server, specOf as colorSpec, supervisorPid } from "../supervisor/color-fixture.ts";

/** Running, and its folder moved away. */
async function lostRouter(dir: string, port: number): Promise<number> {
  const { pid } = await startRouter(specOf(dir, { port }));
  onEnd(() => endProcesses([pid]));
  renameSync(dir, `${dir}-away`);
  return pid;
}

test("a router whose folder is gone is named to whom wants its port", async () => {
  const [dir, port] = [processDir(), await freePort()];
  const pid = await lostRouter(dir, port);
  // Made anew meanwhile, as an `up` does, it is another folder all the same.
  for (const wanted of [processDir(), dir]) {
    const error = await startRouter(specOf(wanted, { port })).catch((reason: unknown) => reason);
    const { code, message, hint } = error as BlueGreenError;
    expect(code).toBe("PORT_IN_USE");
    expect(message).toContain(`a bluegreen router of ${dir} runs there (process ${pid})`);
    expect(message).toContain("its state folder is gone");
    expect(hint).toContain(`put it back, or end process ${pid}`);
  }
});

test("a router that another project has is named with its folder", async () => {
  const [dir, port] = [processDir(), await freePort()];
  const { pid } = await startRouter(specOf(dir, { port }));
  const error = await startRouter(specOf(processDir(), { port })).catch(
    (reason: unknown) => reason,
  );
  const { message, hint } = error as BlueGreenError;
  expect(message).toContain(`a bluegreen router of ${dir} runs there (process ${pid})`);
  expect(message).not.toContain("gone");
  expect(hint).toContain("set another bluegreen:local.port");
  expect(ownerOfPort(await freePort(), dir)).toBeNull();
});

test("the doctor finds what serves on without the application's state folder", async () => {
  const home = tempDir();
  const before = process.env["XDG_STATE_HOME"];
  process.env["XDG_STATE_HOME"] = home;
  onEnd(() => {
    if (before === undefined) delete process.env["XDG_STATE_HOME"];
    else process.env["XDG_STATE_HOME"] = before;
  });
  const port = await freePort();
  const text =
    "config:\n  bluegreen:environment: dev\n  bluegreen:application: lost\n" +
    `  bluegreen:local: { port: ${port}, command: [node] }\n`;
  const settings = parseSettingsFile(text, "Pulumi.dev.yaml");
  const { router, color } = placeOf(settings);
  mkdirSync(join(router, ".."), { recursive: true });
  const { pid } = await startRouter(specOf(router, { port }));
  onEnd(() => endProcesses([pid]));
  const { instances } = await ensureColor(color.blue, colorSpec(server));
  const supervisor = Number(supervisorPid(color.blue));
  onEnd(() => endProcesses([supervisor, Number(instances[0]?.pid)]));
  const state = join(home, "bluegreen", "lost");
  renameSync(state, `${state}-away`);
  const found = await diagnoseLocal({ settings, colors: { blue: null, green: null } });
  expect(found.filter(({ level }) => level === "problem")).toEqual([
    {
      level: "problem",
      subject: "router",
      sentence: `a bluegreen router of ${router} runs there (process ${pid}); its state folder is gone`,
      fix: `put it back, or end process ${pid} (\`kill ${pid}\`)`,
    },
    {
      level: "problem",
      subject: "blue",
      sentence: `its instances run on (supervisor ${supervisor}), but its folder ${color.blue} is gone`,
      fix: `put it back, or end process ${supervisor} (\`kill ${supervisor}\`)`,
    },
  ]);
});
