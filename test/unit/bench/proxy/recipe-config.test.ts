/** The peers' configurations are the usual ones: one upstream, and nothing that helps or hinders. */

import { expect, test } from "vitest";
import { haproxyRecipe, nginxRecipe } from "../../../../bench/proxy/recipe-config.ts";

const server = { dir: "/srv/peer", port: 8080, idleClose: false };
const [blue, green] = ["127.0.0.1:9001", "127.0.0.1:9002"];

test.each([
  ["nginx", nginxRecipe],
  ["haproxy", haproxyRecipe],
])("an edit of %s's upstream changes its address and nothing else", (name, render) => {
  const [before, after] = [render(server, blue), render(server, green)];
  expect(before).toContain(`server ${name === "nginx" ? "" : "app "}${blue}`);
  expect(before.split(blue)).toHaveLength(2);
  expect(after).toBe(before.replace(blue, green));
});

test("HAProxy closes idle connections on a response only where that was asked for", () => {
  const option = "  option idle-close-on-response\n";
  const plain = haproxyRecipe(server, blue);
  expect(plain).not.toContain("idle-close");
  expect(haproxyRecipe({ ...server, idleClose: true }, blue).replace(option, "")).toBe(plain);
});

test("nginx keeps its connections to the upstream, so that the peer is as quick as it gets", () => {
  expect(nginxRecipe(server, blue)).toMatch(/upstream app \{\n[^}]*keepalive 64;/);
  expect(nginxRecipe(server, blue)).toContain("proxy_http_version 1.1;");
});
