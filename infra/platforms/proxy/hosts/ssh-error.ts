/** What OpenSSH complains about, as errors that say what is wrong and what to do. PURE. */

import { BlueGreenError } from "../../../errors.ts";

interface Known {
  readonly pattern: RegExp;
  readonly means: string;
  readonly hint: string;
}

const known: readonly Known[] = [
  {
    pattern: /REMOTE HOST IDENTIFICATION HAS CHANGED/,
    means: "its host key isn't the one in the known hosts",
    hint: "Somebody may be listening in. Only when you know that the host has a new key, replace it in the known hosts file.",
  },
  {
    pattern: /Host key verification failed|No \S+ host key is known/,
    means: "its host key isn't among the known hosts",
    hint: "Compare the host's key with what its owner says, then add it: `ssh-keyscan HOST >> KNOWN_HOSTS`.",
  },
  {
    pattern: /Permission denied|Too many authentication failures/,
    means: "it doesn't let this user in",
    hint: "Check user and key; a key with a passphrase must be in the agent (`ssh-add`), as nothing asks for it.",
  },
  {
    pattern: /sudo: a password is required|sudo: .*not allowed|not in the sudoers/i,
    means: "sudo wants a password there",
    hint: "Allow the user to run `sh` by sudo without a password (NOPASSWD), or turn `sudo` off.",
  },
  {
    pattern: /Could not resolve hostname/,
    means: "its name can't be resolved",
    hint: "Check the host's name and the resolver of this machine.",
  },
  {
    pattern: /Connection refused|timed out|No route to host|Network is unreachable/,
    means: "no connection can be made to it",
    hint: "Check host, port, and the firewalls between.",
  },
  {
    pattern:
      /Connection (closed|reset)|Broken pipe|client_loop|not responding|Connection to .* closed/,
    means: "the connection to it was lost on the way",
    hint: "Run the command again: every write there is whole or not at all, and is found out again.",
  },
];

/** `host` as in a message: "user@host". */
export function sshError(host: string, stderr: string): BlueGreenError {
  const lines = stderr
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !/^[@\s]+$/.test(line));
  const found = known.find(({ pattern }) => pattern.test(stderr));
  const means = found?.means ?? "the connection to it was lost on the way";
  return new BlueGreenError(
    "HOST_UNREACHABLE",
    `the router's host ${host} can't be used: ${means}`,
    {
      hint: found?.hint ?? "Try the same connection by hand: `ssh` says more with `-v`.",
      details: lines.slice(-5),
    },
  );
}

export function isSudoRefusal(stderr: string): boolean {
  return /^sudo: /m.test(stderr) && /password is required|not allowed|sudoers/i.test(stderr);
}
