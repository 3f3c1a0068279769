/** What the status says of the database: where it is, and which step is due when. */

import { expect, test } from "vitest";
import { databaseReport } from "../../../automation/status/database.ts";
import { parseSettings } from "../../../infra/config.ts";
import type { Database } from "../../../infra/model.ts";
import { rollbackOf } from "../../../automation/status/rollback.ts";
import { alice, inMinutes, now, outputsOf, viewOf } from "../rules/views.ts";

const argv = ["./migrate"];
const said = { works: { from: 1, to: 3 }, expand: { to: 2, argv }, contract: { to: 3, argv } };

function settingsOf(migrations: object) {
  const local = JSON.stringify({ command: ["app"] });
  return parseSettings({ environment: "dev", local, migrations: JSON.stringify(migrations) });
}

/** Green serves 2; blue holds 1 for another hour. */
function view(database: Database | null) {
  const blue = outputsOf("blue", "1", { works: { from: 1, to: 2 } });
  const green = outputsOf("green", "2", { works: { from: 1, to: 3 } });
  return viewOf({
    record: {
      activeColor: "green",
      database,
      previousRelease: { color: "blue", release: blue.release },
      rollbackUntil: inMinutes(60),
    },
    colors: { blue, green },
  });
}

test("nothing where nobody has ever spoken of migrations", () => {
  expect(databaseReport(view(null), settingsOf({}))).toBeNull();
});

test("that an expand is due, with the command that runs it", () => {
  const database = { schema: 1, steps: [], pending: null };
  expect(databaseReport(view(database), settingsOf(said))).toMatchObject({
    schema: 1,
    sentence: "schema 1; the active release works with schemas 1 to 3",
    due: {
      kind: "expand",
      to: 2,
      sentence: expect.stringMatching(/next `bluegreen deploy` runs it/) as string,
    },
  });
});

test("why a contract waits, and until when", () => {
  const steps = [{ kind: "expand", to: 2, release: null, at: now }] as const;
  const report = databaseReport(view({ schema: 2, steps, pending: null }), settingsOf(said));
  expect(report?.sentence).toContain(`schema 2 (expand at ${now})`);
  expect(report?.due?.sentence).toMatch(
    /^contract to schema 3 is due: not yet: blue is kept with 1 until .+; then `bluegreen retire` runs it$/,
  );
});

test("that a step was begun, and how to say that it changed nothing", () => {
  const pending = {
    kind: "expand",
    to: 2,
    release: null,
    at: now,
    owner: alice,
    until: now,
  } as const;
  const report = databaseReport(view({ schema: 1, steps: [], pending }), settingsOf({}));
  expect(report?.sentence).toMatch(
    /expand to schema 2 was begun at .+`bluegreen migrate record 1`/,
  );
});

test("that there is no way back to a release which the schema is wrong for", () => {
  const after = view({ schema: 3, steps: [], pending: null });
  expect(rollbackOf(after, settingsOf({}))).toMatchObject({
    possible: false,
    sentence: expect.stringMatching(/blue holds 1, which works with schemas 1 to 2/) as string,
  });
});
