/** The shop's only page: says which release answered, in that release's color. */
import type { ShopSettings } from "./settings.ts";

export function pageOf({ version, color }: ShopSettings, instance: string): string {
  const paint = color === "green" ? "seagreen" : color === "blue" ? "royalblue" : "dimgray";
  return `<!doctype html>
<html lang="en">
<title>Shop ${escapeHtml(version)}</title>
<body style="font-family: sans-serif; color: white; background: ${paint}">
<h1>Shop, version ${escapeHtml(version)}</h1>
<p>${escapeHtml(color)}, ${escapeHtml(instance)}</p>
</body>
</html>
`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
