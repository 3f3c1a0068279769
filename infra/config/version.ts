/** The one rule for versions: in the settings and on the command line the same. Pure. */

/**
 * What may name a release. It gets into headers, file names and messages, so its alphabet is small;
 * it never begins with a dash, which a program could take for an option.
 */
export const versionForm = /^[A-Za-z0-9][\w.+:@-]*$/;

export const versionMaxLength = 128;

/** The rule in words, for messages and the README. */
export const versionWords = `a version of letters, digits and ". _ + : @ -", such as "1.4.2"`;

export function isVersion(text: string): boolean {
  return text.length <= versionMaxLength && versionForm.test(text);
}
