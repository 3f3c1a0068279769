/** What a preview says of clients that are connected when traffic moves. */

import { describe, expect, test } from "vitest";
import { connectionNotes } from "../../../automation/preview/connections.ts";
import { parseSettings } from "../../../infra/config.ts";
import { minimal } from "../config/refusal.ts";

const notes = (more: Readonly<Record<string, string>>) =>
  connectionNotes(
    parseSettings({ ...minimal, drain: "20s", rollbackWindow: "1h", ...more }),
    "blue",
  );

describe("clients that are connected", () => {
  test("are closed after the drain by the embedded router", () => {
    expect(notes({})).toEqual([
      "WebSockets and other long connections of blue are closed 20s after the switch (drain)",
    ]);
  });

  test("stay on nginx and HAProxy until the color goes", () => {
    const colors = { kind: "process", command: ["node", "server.ts"] };
    const [note] = notes({ platform: "proxy", proxy: JSON.stringify({ colors }) });
    expect(note).toContain("stay there, at the latest until it is retired after the window of 1h");
  });

  test("move with the switch where a cookie kept them", () => {
    const shift = JSON.stringify({ steps: [{ weight: 10, for: "1m" }], sticky: true });
    expect(notes({ shift })).toContain(
      "who stays with blue by its cookie (shift.sticky) moves with the switch",
    );
  });
});
