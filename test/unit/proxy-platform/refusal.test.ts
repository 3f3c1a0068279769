/** Complaints of servers and of OpenSSH in our words. */

import { describe, expect, test } from "vitest";
import { haproxy } from "../../../infra/platforms/proxy/haproxy/index.ts";
import { sshError } from "../../../infra/platforms/proxy/hosts/ssh-error.ts";
import { nginx } from "../../../infra/platforms/proxy/nginx/index.ts";
import { filesOf } from "../../../infra/platforms/proxy/spec.ts";
import { plainSpec } from "./specs.ts";

describe("a refused configuration", () => {
  test("of nginx names somebody else's file and line", () => {
    const output = `nginx: [emerg] unknown directive "foo" in /etc/nginx/conf.d/other.conf:3
nginx: configuration file /etc/nginx/nginx.conf test failed`;
    expect(nginx.explain(plainSpec, output)).toMatchObject({
      message: `nginx refuses its configuration in /etc/nginx/conf.d/other.conf, line 3: unknown directive "foo"`,
      hint: expect.stringContaining("isn't bluegreen's") as string,
    });
  });

  test("of nginx in our own file isn't blamed on anybody else", () => {
    const { config } = filesOf(plainSpec);
    const error = nginx.explain(
      plainSpec,
      `nginx: [emerg] host not found in upstream "a" in ${config}:9`,
    );
    expect(error.hint).toContain("written by bluegreen");
  });

  test("of HAProxy names file and line", () => {
    const output = `[NOTICE]   (7) : haproxy version is 2.6.12
[ALERT]    (7) : config : parsing [/etc/haproxy/x.cfg:12] : unknown keyword 'y' in 'global' section
[ALERT]    (7) : config : Error(s) found in configuration file : /etc/haproxy/x.cfg`;
    expect(haproxy.explain({ ...plainSpec, dialect: "haproxy" }, output).message).toBe(
      "haproxy refuses its configuration in /etc/haproxy/x.cfg, line 12: unknown keyword 'y' in 'global' section",
    );
  });

  test("without a known form shows what was said", () => {
    const error = nginx.explain(plainSpec, "\n  boom \n");
    expect(error.message).toContain("it doesn't say why");
    expect(error.details).toEqual(["boom"]);
  });

  test.each([
    [nginx, "nginx: [emerg] bind() to 127.0.0.1:80 failed (98: Address already in use)"],
    [
      haproxy,
      "[ALERT] (1) : Starting frontend a: cannot bind socket (Address already in use) [a:1]",
    ],
  ])("for a port that is taken says so", (dialect, output) => {
    expect(dialect.explain(plainSpec, output).code).toBe("PORT_IN_USE");
  });
});

describe("what OpenSSH complains about", () => {
  test.each([
    ["Host key verification failed.", "isn't among the known hosts"],
    [
      "@@@\nWARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!\nHost key verification failed.",
      "isn't the one in the known hosts",
    ],
    ["a@b: Permission denied (publickey).", "doesn't let this user in"],
    ["ssh: Could not resolve hostname b: Name or service not known", "name can't be resolved"],
    ["ssh: connect to host b port 22: Connection refused", "no connection can be made"],
    ["client_loop: send disconnect: Broken pipe", "was lost on the way"],
    ["sudo: a password is required", "sudo wants a password"],
    ["", "was lost on the way"],
  ])("%j", (stderr, means) => {
    const error = sshError("a@b", stderr);
    expect(error.message).toMatch(/^the router's host a@b can't be used: /);
    expect(error.message).toContain(means);
    expect(error.hint).not.toBe(undefined);
  });
});
