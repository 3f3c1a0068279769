/** The environment of programs that fetch or build the engine: it holds no credential of a cloud. */

import type { Environment } from "./folders.ts";

const common = new Set([
  ..."PATH HOME USER LOGNAME SHELL LANG TZ TMPDIR XDG_CACHE_HOME XDG_CONFIG_HOME".split(" "),
  ..."SSL_CERT_FILE SSL_CERT_DIR NODE_EXTRA_CA_CERTS CURL_CA_BUNDLE GIT_SSL_CAINFO".split(" "),
]);

/** Programs read either spelling. */
const proxies = new Set(["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"]);

/** Go's own: where it finds modules, what it trusts, where it keeps them; no target, no tags. */
const go = new Set([
  ..."GOPROXY GONOPROXY GOPRIVATE GOSUMDB GONOSUMDB GONOSUMCHECK GOINSECURE GOVCS".split(" "),
  ..."GOAUTH NETRC GOPATH GOMODCACHE GOCACHE GOROOT GOENV GOMAXPROCS GOMEMLIMIT".split(" "),
]);

/** What any program needs, and the way to the network. */
export function downloadEnvironment(env: Environment): Record<string, string> {
  return picked(
    env,
    (name) => common.has(name) || name.startsWith("LC_") || proxies.has(name.toUpperCase()),
  );
}

/** That and Go's own settings; GOFLAGS without `-mod` and `-modfile`, which the build chooses. */
export function goEnvironment(env: Environment): Record<string, string> {
  const flags = (env["GOFLAGS"] ?? "")
    .split(/\s+/)
    .filter((flag) => flag !== "" && !/^--?mod(file)?(=|$)/.test(flag));
  return {
    ...downloadEnvironment(env),
    ...picked(env, (name) => go.has(name)),
    ...(flags.length === 0 ? {} : { GOFLAGS: flags.join(" ") }),
  };
}

function picked(env: Environment, isWanted: (name: string) => boolean): Record<string, string> {
  const entries = Object.entries(env).flatMap(([name, value]) =>
    value !== undefined && isWanted(name) ? [[name, value] as const] : [],
  );
  return Object.fromEntries(entries);
}
