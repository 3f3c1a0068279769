import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { projectText, settingsText } from "../../../automation/init/template.ts";
import type { Answers } from "../../../automation/init/template.ts";
import { parseSettingsFile } from "../../../infra/config.ts";

const answers: Answers = {
  name: "shop",
  application: "shop-k3x7qa",
  environment: "dev",
  command: ["node", "server.js", 'it\'s "quoted"', "{port}"],
  port: 8081,
  instances: 3,
  health: "/healthz?deep=1",
  versionPath: null,
};

function settings(change: Partial<Answers> = {}) {
  const { environment } = { ...answers, ...change };
  const file = `Pulumi.${environment}.yaml`;
  return parseSettingsFile(settingsText({ ...answers, ...change }), file);
}

describe("the settings file", () => {
  test("says what was answered, word for word", () => {
    expect(settings()).toMatchObject({
      environment: "dev",
      application: "shop-k3x7qa",
      activeColor: "none",
      health: { path: "/healthz?deep=1" },
      checks: [],
      local: { command: answers.command, port: 8081, instances: 3 },
    });
  });

  test("checks the version where the application tells it", () => {
    expect(settings({ versionPath: "/version" }).checks).toMatchObject([
      { kind: "version", path: "/version" },
    ]);
  });

  test.each(["on", "no", "2024"])("keeps the environment name %s a text", (environment) => {
    expect(settings({ environment }).environment).toBe(environment);
  });
});

test("the project file names the program behind the link", () => {
  expect(parse(projectText({ name: "123" }))).toMatchObject({
    name: "123",
    main: ".bluegreen/infra/index.ts",
    plugins: { providers: [{ name: "bluegreen-core", path: ".bluegreen/infra/provider" }] },
    runtime: { options: { typescript: false } },
  });
});
