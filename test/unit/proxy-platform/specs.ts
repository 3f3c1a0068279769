/** Router specs for tests: a plain one, and arbitrary ones, most of which settings refuse. */

import fc from "fast-check";
import type { RouterSpec } from "../../../infra/platforms/proxy/spec.ts";

export const plainSpec: RouterSpec = {
  dialect: "nginx",
  mode: "managed",
  name: "shop",
  host: "127.0.0.1",
  port: 8080,
  dir: "/var/lib/bluegreen/shop",
  program: "nginx",
  user: null,
  upstream: "shop",
  check: null,
  reload: ["true"],
  socket: null,
  cookie: null,
  timeoutMs: 60_000,
  idleMs: 1_000,
  drainMs: 10_000,
  reserved: { blue: [], green: [] },
};

const pieces = ["a", "shop", "/", "..", "-", "_", ".", ":", "80", " ", "\n", "\r", "\t", "\0"];
const special = [
  ";",
  "{",
  "}",
  "#",
  "$",
  '"',
  "'",
  "\\",
  "`",
  "*",
  "~",
  "%",
  "[",
  "]",
  "ä",
  "\u2028",
];

/** Texts made of what names are made of, and of what has a meaning in a configuration. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom("shop", "/srv/shop", "127.0.0.1", "10.0.0.1:80", "::1") },
  {
    weight: 3,
    arbitrary: fc
      .array(fc.constantFrom(...pieces, ...special), { maxLength: 8 })
      .map((all) => all.join("")),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(
        fc.constantFrom("shop", "/srv/shop", "10.0.0.1:80"),
        fc.constantFrom(...pieces, ...special),
        fc.string(),
      )
      .map((all) => all.join("")),
  },
  { weight: 1, arbitrary: fc.string() },
);

/** Settings of a router that get into its configuration. */
export const textKeys = [
  "name",
  "host",
  "dir",
  "program",
  "user",
  "upstream",
  "socket",
  "cookie",
] as const;

/** One or two of them with any text. */
export const hostileChange: fc.Arbitrary<Partial<Record<(typeof textKeys)[number], string>>> = fc
  .array(fc.tuple(fc.constantFrom(...textKeys), hostileText), { minLength: 1, maxLength: 2 })
  .map((entries) => Object.fromEntries(entries));
