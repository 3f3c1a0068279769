/** What the doctor says of provider processes that go on without their engine. */

import { spawn } from "node:child_process";
import { expect, onTestFinished, test } from "vitest";
import { examineProviders, strayProviders } from "../../../automation/doctor/providers.ts";
import { parseCommands } from "../../../infra/process-list.ts";
import { endProcesses } from "../../support/project/processes.ts";

test("names a provider that runs and isn't an engine's child", () => {
  const words = ["-e", "setInterval(() => {}, 1000)", "/x/infra/provider/main.ts", "127.0.0.1:9"];
  const { pid = 0 } = spawn(process.execPath, words, { stdio: "ignore" });
  onTestFinished(() => endProcesses([pid]));
  const found = examineProviders().filter(({ fix }) => fix?.endsWith(`kill ${pid}`));
  expect(found).toMatchObject([{ level: "note", subject: "leftovers" }]);
});

test("leaves providers of living engines alone, and whatever else names such a file", () => {
  const listed = [
    "  10   1 /opt/bin/pulumi up --stack dev",
    "  11  10 /opt/node --disable-warning=x /opt/bluegreen/infra/provider/main.ts 127.0.0.1:4001",
    "  12   1 /opt/node --disable-warning=x /opt/bluegreen/infra/provider/main.ts 127.0.0.1:4002",
    "  13   1 vim /opt/bluegreen/infra/provider/main.ts",
    "  14   9 sh -c pulumi up",
    "  15  14 /opt/node /opt/bluegreen/infra/provider/main.ts 127.0.0.1:4003 ",
    "  16   1 /Users/a b/engine/bin/pulumi up",
    "  17  16 /opt/node /opt/bluegreen/infra/provider/main.ts 127.0.0.1:4004",
  ].join("\n");
  expect(strayProviders(parseCommands(listed))).toEqual([12, 15]);
});

test("knows a provider whatever options its engine handed on", () => {
  const main = "/opt/node /opt/bluegreen/infra/provider/main.ts";
  const listed = [
    `  12   1 ${main} -v=9 127.0.0.1:4001`,
    `  13   1 ${main} --logtostderr -v=9 --tracing 127.0.0.1:6007 127.0.0.1:4002`,
    `  14   1 ${main} --tracing file:/tmp/trace 127.0.0.1:4003`,
  ].join("\n");
  expect(strayProviders(parseCommands(listed))).toEqual([12, 13, 14]);
});
