/** Makes the id of an application, which keeps the state of equally named ones apart. */
import { randomBytes } from "node:crypto";

const alphabet = "abcdefghijklmnopqrstuvwxyz234567";
const suffixLength = 6;

/** A slug of the name and six random base32 characters: `shop-k3x7qa`. */
export function newApplicationId(name: string): string {
  const slug = name
    .normalize("NFKD")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .slice(0, 40)
    .replaceAll(/^-+|-+$/g, "");
  const random = [...randomBytes(suffixLength)].map((byte) => alphabet[byte % alphabet.length]);
  return `${slug === "" ? "application" : slug}-${random.join("")}`;
}
