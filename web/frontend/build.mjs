// Builds web/static: every css/*.css and ts/*.ts is an entry, and carries a hash
// of its content in its name, so that a browser may keep it for ever.
// manifest.json says which name is current; web/assets.py reads it.
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));
const out = join(here, "..", "static");

// Wallet cards are opened on old phones: what they lack is rewritten by esbuild.
const TARGETS = ["chrome105", "firefox113", "safari16"];

async function entries(folder, extension) {
  const names = await readdir(join(here, folder));
  return names.filter((name) => name.endsWith(extension)).map((name) => join(here, folder, name));
}

/** Bundles the sources; returns `{ "app.css": "app-1A2B3C4D.css", … }`. */
async function bundle() {
  const { metafile } = await build({
    entryPoints: [...(await entries("css", ".css")), ...(await entries("ts", ".ts"))],
    outdir: out,
    entryNames: "[name]-[hash]",
    chunkNames: "part-[hash]",
    bundle: true,
    splitting: true,
    format: "esm",
    minify: true,
    target: TARGETS,
    metafile: true,
    logLevel: "warning",
  });
  const named = {};
  for (const [file, { entryPoint }] of Object.entries(metafile.outputs)) {
    const source = entryPoint && basename(entryPoint).replace(/\.ts$/, ".js");
    named[source ?? basename(file)] = basename(file);
  }
  return named;
}

async function hashed(name, content) {
  const digest = createHash("sha256").update(content).digest("hex").slice(0, 8).toUpperCase();
  const target = name.replace(/(\.[a-z]+)$/, `-${digest}$1`);
  await writeFile(join(out, target), content);
  return target;
}

function symbol(name, svg) {
  const viewBox = /viewBox="([^"]+)"/.exec(svg)[1];
  const inner = svg
    .replace(/<!--[\s\S]*?-->/g, "")
    .replace(/^[\s\S]*?<svg[\s\S]*?>/, "")
    .replace(/<\/svg>\s*$/, "")
    .replace(/\s*\n\s*/g, "")
    .replace(/ \/>/g, "/>");
  return `<symbol id="${name}" viewBox="${viewBox}">${inner}</symbol>`;
}

/** One file with the icons that icons.json names and our own drawings. */
async function sprite() {
  const chosen = JSON.parse(await readFile(join(here, "icons.json"), "utf8"));
  const lucide = join(here, "node_modules", "lucide-static", "icons");
  const files = chosen.map((name) => join(lucide, `${name}.svg`));
  files.push(...(await entries("drawings", ".svg")));
  const symbols = await Promise.all(
    files.map(async (file) => symbol(basename(file, ".svg"), await readFile(file, "utf8"))),
  );
  return `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>\n`;
}

const htmx = join(here, "node_modules", "htmx.org", "dist", "htmx.min.js");

await mkdir(out, { recursive: true });
const manifest = {
  ...(await bundle()),
  "icons.svg": await hashed("icons.svg", await sprite()),
  "favicon.svg": await hashed("favicon.svg", await readFile(join(here, "drawings", "palier.svg"))),
  "htmx.js": await hashed("htmx.js", await readFile(htmx)),
};

// The manifest is replaced at once: a server that starts now reads a whole one.
const sorted = Object.fromEntries(Object.entries(manifest).sort());
await writeFile(join(out, "manifest.json.new"), `${JSON.stringify(sorted, null, 2)}\n`);
await rename(join(out, "manifest.json.new"), join(out, "manifest.json"));

const current = new Set([...Object.values(manifest), "manifest.json"]);
for (const name of await readdir(out)) {
  if (!current.has(name)) await rm(join(out, name), { recursive: true });
}
