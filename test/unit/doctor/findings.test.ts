import { describe, expect, test } from "vitest";
import { guarded, note, ok, problem } from "../../../automation/doctor/finding.ts";
import { leftoversOf } from "../../../automation/doctor/leftovers.ts";
import { renderFindings } from "../../../automation/doctor/render.ts";
import { unitText } from "../../../automation/doctor/systemd.ts";
import { paint } from "../../../automation/report/paint.ts";
import { BlueGreenError } from "../../../infra/errors.ts";

describe("leftovers", () => {
  test("are none in a clean state", () => {
    expect(leftoversOf("dev", '{"version": 3, "deployment": {"resources": []}}')).toEqual([]);
    expect(leftoversOf("dev", '{"version": 3}')).toEqual([]);
  });

  test("are operations that were cut short, and resources that are half made", () => {
    const urn = "urn:pulumi:dev-blue::shop::bluegreen-core:local:Instances::dev-blue-instances";
    const deployment = {
      resources: [{ urn, initErrors: ["PROVISION_FAILED: never healthy\nhint: look"] }],
      pending_operations: [{ type: "creating", resource: { urn } }],
    };
    const found = leftoversOf("dev-blue", JSON.stringify({ deployment }));
    expect(found.map(({ level, sentence }) => [level, sentence])).toEqual([
      ["problem", "dev-blue: creating dev-blue-instances was cut short"],
      ["problem", "dev-blue: dev-blue-instances is half made: PROVISION_FAILED: never healthy"],
    ]);
    expect(found.every(({ fix }) => fix?.includes("bluegreen up"))).toBe(true);
  });
});

describe("an area that can't be looked at", () => {
  test("becomes a problem with the error's hint", async () => {
    const error = new BlueGreenError("BACKEND_UNREACHABLE", "it's away", { hint: "log in" });
    expect(await guarded("stacks", () => Promise.reject(error))).toEqual([
      {
        level: "problem",
        subject: "stacks",
        sentence: "BACKEND_UNREACHABLE: it's away",
        fix: "log in",
        details: [],
      },
    ]);
  });
});

test("problems are printed last, each with its fix below", () => {
  const findings = [
    problem("router", "it doesn't run", "`bluegreen up`"),
    ok("engine", "Pulumi 3", ["PATH: found"]),
    note("link", "it leads elsewhere"),
  ];
  expect(renderFindings(findings, paint(false)).split("\n")).toEqual([
    "  ok       engine  Pulumi 3",
    "                   PATH: found",
    "  note     link    it leads elsewhere",
    "  problem  router  it doesn't run",
    "                   -> `bluegreen up`",
    "",
    "1 problem",
  ]);
});

describe("the systemd unit", () => {
  const options = {
    application: "shop-1",
    environment: "prod",
    executable: "/opt/blue green/bin/bluegreen",
    cwd: "/srv/50%$HOME",
    env: { XDG_STATE_HOME: "/data/a b", PULUMI_CONFIG_PASSPHRASE: "top-secret", HOME: "/h" },
  };

  test("runs `up` once, and leaves alone what it started", () => {
    const lines = unitText(options).split("\n");
    expect(lines).toContain(
      'ExecStart="/opt/blue green/bin/bluegreen" up --yes --stack prod --cwd /srv/50%%$$HOME',
    );
    expect(lines).toEqual(
      expect.arrayContaining(["Type=oneshot", "RemainAfterExit=yes", "KillMode=process"]),
    );
    expect(lines).toContain('Environment="XDG_STATE_HOME=/data/a b"');
  });

  test("repeats no secret", () => {
    expect(unitText(options)).not.toContain("top-secret");
  });

  test.each(["postgres://ann:pa55word@db/state", "s3://bucket?x=1&access_key=pa55word"])(
    "leaves out a backend with a password in it, and says so: %s",
    (url) => {
      const text = unitText({ ...options, env: { PULUMI_BACKEND_URL: url } });
      expect(text).not.toContain("pa55word");
      expect(text).toContain("# PULUMI_BACKEND_URL holds a password, so it isn't repeated here.");
      expect(text).toContain("EnvironmentFile=");
    },
  );

  test("repeats a backend without a password", () => {
    const env = { PULUMI_BACKEND_URL: "s3://bucket?region=eu-central-1&awssdk=v2" };
    expect(unitText({ ...options, env })).toContain("s3://bucket?region=eu-central-1");
  });
});
