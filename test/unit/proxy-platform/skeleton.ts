/** The structure of a configuration without its values, as the servers' own parsers see it. */

/** nginx: per directive its name, the number of its words, and how it ends. */
export function nginxSkeleton(text: string): string[] {
  const found: string[] = [];
  let words: string[] = [];
  for (const token of nginxTokens(text)) {
    if (token !== ";" && token !== "{" && token !== "}") {
      words.push(token);
      continue;
    }
    const first = words[0] ?? "";
    found.push(`${first.startsWith('"') ? '""' : first} ${words.length} ${token}`);
    words = [];
  }
  return [...found, `left ${words.length}`];
}

function nginxTokens(text: string): string[] {
  const pattern =
    /\s+|#[^\n]*|[;{}]|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|(?:\\.|\$\{|[^\s;{}\\])+/gsu;
  const tokens: string[] = [];
  let end = 0;
  for (const { 0: token, index } of text.matchAll(pattern)) {
    if (index !== end) tokens.push("?");
    end = index + token.length;
    if (!/^(\s|#)/.test(token)) tokens.push(token);
  }
  return tokens;
}

/** HAProxy: per line its first word and the number of its words. */
export function haproxySkeleton(text: string): string[] {
  return text.split(/\r\n|\r|\n/).flatMap((line) => {
    const words = haproxyWords(line);
    return words.length === 0 ? [] : [`${words[0] ?? ""} ${words.length}`];
  });
}

function haproxyWords(line: string): string[] {
  const pattern = /\s+|#.*|(?:\\.|"(?:\\.|[^"\\])*"|'[^']*'|[^\s#"'\\])+|["'\\]/gsu;
  return [...line.matchAll(pattern)].map(([word]) => word).filter((word) => !/^(\s|#)/.test(word));
}
