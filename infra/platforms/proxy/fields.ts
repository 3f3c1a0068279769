/** Kinds of settings that get into a generated configuration or a command: strict by design. */

import type { z } from "zod";

import { argv, isOneLine, judged, oneLineRule } from "../../config/fields.ts";
import { nearest } from "../../config/nearest.ts";
import { refuse } from "../../config/refusal.ts";
import {
  cookieProblem,
  listenProblem,
  nameProblem,
  programProblem,
  safePathProblem,
  sectionProblem,
  targetProblem,
  userProblem,
} from "./safe-text.ts";

export const routerName = () =>
  judged(`a small letter, then up to 19 small letters or digits, such as "shop"`, nameProblem);

export const sectionName = () =>
  judged(`a letter, then letters, digits, "-" or "_", such as "shop"`, sectionProblem);

export const cookieName = () =>
  judged(`a small letter, then small letters, digits or "_", such as "place"`, cookieProblem);

export const accountName = () => judged(`the name of an account, such as "www-data"`, userProblem);

export const safePath = (example: string) =>
  judged(
    `an absolute path of letters, digits and ". _ @ + -", such as "${example}"`,
    safePathProblem,
  );

export const program = () =>
  judged(`a program's name or its absolute path, such as "/usr/sbin/nginx"`, programProblem);

export const listenAddress = () =>
  judged(`an IP address to listen on, such as "127.0.0.1"`, listenProblem);

export const target = () => judged(`host:port, such as "10.0.0.7:8080"`, targetProblem);

/** The words of a command that runs on the router's host or on a server. */
export function commandWords() {
  return argv().min(1).superRefine(refuseControlCharacters);
}

function refuseControlCharacters(words: readonly string[], context: z.RefinementCtx): void {
  words.forEach((word, index) => {
    if (isOneLine(word)) return;
    context.addIssue({ code: "custom", path: [index], message: oneLineRule });
  });
}

/** What may stand in braces in an install command. */
export const installPlaceholders = ["host", "port", "version", "color"] as const;
const bracesPattern = /(?<!\$)\{([A-Za-z_]\w*)\}/g;

export function installWords() {
  return commandWords().superRefine((words, context) => {
    words.forEach((word, index) => {
      for (const [, name = ""] of word.matchAll(bracesPattern)) {
        if (installPlaceholders.some((known) => known === name)) continue;
        const near = nearest(name, installPlaceholders);
        const fix = `write ${near === undefined ? `{${installPlaceholders.join("}, {")}}` : `{${near}}`}`;
        refuse(context, { path: [index], problem: "has an unknown placeholder in braces", fix });
      }
    });
  });
}

export function publicUrl() {
  return judged(`an http or https address, such as "https://shop.example.com"`, (text) => {
    const url = URL.parse(text);
    if (url === null) return "doesn't have the right form";
    if (!/^https?:$/.test(url.protocol)) return "has another scheme";
    if (text.endsWith("/")) return `ends with "/"`;
    return url.username === "" && url.search === "" && url.hash === ""
      ? null
      : "has a user, a query or a fragment";
  });
}
