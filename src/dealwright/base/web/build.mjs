// Builds what the browser loads into static/built: script, style, icons, font, manifest.
// `npm run build` once, `npm run watch` while working on it.
import { createHash } from "node:crypto";
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, watch, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import * as esbuild from "esbuild";

const web = dirname(fileURLToPath(import.meta.url));
const source = join(web, "..", "..");
const root = join(source, "..", "..");
const built = join(web, "static", "built");
// Beside static, not in it: a server that starts meanwhile reads what is there.
const workshop = (name) => join(web, `.${name}.${process.pid}`);
const SCRIPT_BUDGET = 150_000; // bytes, gzipped, all chunks together
// But for the reader of PDFs: it is fetched after the first paint, by pages that show documents.
const READER = "pdf-";
const READER_BUDGET = 600_000;
const require = createRequire(import.meta.url);

const hashed = (name, content) => {
  const digest = createHash("sha256").update(content).digest("hex").slice(0, 8);
  const dot = name.lastIndexOf(".");
  return `${name.slice(0, dot)}-${digest}${name.slice(dot)}`;
};

async function scripts(out, names) {
  const shared = { bundle: true, minify: true, target: "es2022", legalComments: "eof", logLevel: "warning" };
  const result = await esbuild.build({
    ...shared,
    entryPoints: [join(web, "islands", "app.ts")],
    outdir: out,
    format: "esm",
    splitting: true,
    entryNames: "[name]-[hash]",
    chunkNames: "[name]-[hash]",
    metafile: true,
  });
  for (const [path, info] of Object.entries(result.metafile.outputs)) {
    if (info.entryPoint?.endsWith("islands/app.ts")) names["app.js"] = relative(out, join(process.cwd(), path));
  }
  // What the page waits for before it is drawn: a few hundred bytes, and no more.
  const early = await esbuild.build({
    ...shared,
    entryPoints: [join(web, "islands", "early.ts")],
    outdir: out,
    format: "iife",
    entryNames: "[name]-[hash]",
    metafile: true,
  });
  names["early.js"] = relative(out, join(process.cwd(), Object.keys(early.metafile.outputs)[0]));
  await esbuild.build({
    ...shared,
    entryPoints: [join(web, "islands", "offline", "service-worker.ts")],
    outfile: join(out, "service-worker.js"),
    format: "iife",
  });
}

// The rest of the reader: its worker, and how older Asian fonts number their letters.
function reader(out, names) {
  const folder = dirname(require.resolve("pdfjs-dist/package.json"));
  const { version } = require("pdfjs-dist/package.json");
  const worker = readFileSync(join(folder, "legacy", "build", "pdf.worker.min.mjs"));
  names["pdf-worker.js"] = hashed(`${READER}worker.js`, worker);
  writeFileSync(join(out, names["pdf-worker.js"]), worker);
  names["pdf-cmaps"] = `${READER}cmaps-${version}`;
  cpSync(join(folder, "cmaps"), join(out, names["pdf-cmaps"]), { recursive: true });
}

function fonts(out, names) {
  const folder = dirname(require.resolve("@fontsource-variable/inter/package.json"));
  const css = readFileSync(join(folder, "wght.css"), "utf8");
  return css
    .replaceAll("'Inter Variable'", '"Inter"')
    .replace(/url\(\.\/files\/([^)]+)\)/g, (_, file) => {
      const content = readFileSync(join(folder, "files", file));
      const name = hashed(file, content);
      writeFileSync(join(out, name), content);
      if (file === "inter-latin-wght-normal.woff2") names["inter.woff2"] = name;
      return `url(${name})`;
    });
}

function styles(out, names) {
  const fontFaces = fonts(out, names);
  const cli = join(root, "node_modules", "@tailwindcss", "cli", "dist", "index.mjs");
  const plain = join(out, "app.css");
  execFileSync(process.execPath, [cli, "-i", join(web, "styles", "app.css"), "-o", plain, "--minify"], {
    cwd: root,
    stdio: ["ignore", "ignore", "inherit"],
  });
  const css = fontFaces.replace(/\s+/g, " ") + readFileSync(plain, "utf8");
  rmSync(plain);
  names["app.css"] = hashed("app.css", css);
  writeFileSync(join(out, names["app.css"]), css);
}

// The icons that templates, Python and scripts name; an unknown name stops the build.
function icons(out, names) {
  const folder = join(dirname(require.resolve("lucide-static/package.json")), "icons");
  const wanted = new Set(["circle"]);
  // Single letters or hyphenated lower-case words right after one of these openings.
  const patterns = [
    /\b(?:icon|draw)\(\s*["']([a-z0-9-]+)["']/g,
    /\b(?:icon|symbol|icon_name)["']?\s*[=:]\s*["']([a-z0-9-]+)["']/g,
    /icons\.svg'\) }}#([a-z0-9-]+)/g,
    /["']icon:([a-z0-9-]+)["']/g,
  ];
  const files = readdirSync(source, { recursive: true }).filter((file) => /\.(html|py|ts)$/.test(file) && !file.includes("static/built"));
  for (const file of files) {
    const text = readFileSync(join(source, file), "utf8");
    for (const pattern of patterns) for (const match of text.matchAll(pattern)) wanted.add(match[1]);
    // Python also hands icons on by position or in tables: any name of two words, and in the
    // navigation of one, that the set has.
    const loose = file.endsWith("navigation.py") ? /"([a-z][a-z0-9-]+)"/g : /"([a-z][a-z0-9]*(?:-[a-z0-9]+)+)"/g;
    if (file.endsWith(".py")) for (const match of text.matchAll(loose)) if (existsSync(join(folder, `${match[1]}.svg`))) wanted.add(match[1]);
  }
  for (const line of readFileSync(join(web, "icons.txt"), "utf8").split("\n")) {
    if (line.trim() && !line.startsWith("#")) wanted.add(line.trim());
  }
  const symbols = [];
  for (const name of [...wanted].sort()) {
    const path = join(folder, `${name}.svg`);
    if (!existsSync(path)) {
      console.warn(`build: there is no icon “${name}”; see https://lucide.dev/icons`);
      continue;
    }
    const inner = readFileSync(path, "utf8").replace(/<!--.*?-->/gs, "").match(/<svg[^>]*>([\s\S]*)<\/svg>/)[1].replace(/\s+/g, " ").trim();
    symbols.push(`<symbol id="${name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round">${inner}</symbol>`);
  }
  const sprite = `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>`;
  names["icons.svg"] = hashed("icons.svg", sprite);
  writeFileSync(join(out, names["icons.svg"]), sprite);
}

function checkBudget(out) {
  const weight = (wanted) =>
    readdirSync(out)
      .filter((name) => name.endsWith(".js") && wanted(name))
      .reduce((total, name) => total + gzipSync(readFileSync(join(out, name))).length, 0);
  const kilobytes = (bytes) => (bytes / 1000).toFixed(1);
  const script = weight((name) => !name.startsWith(READER));
  const documents = weight((name) => name.startsWith(READER));
  console.log(`build: script ${kilobytes(script)} kB gzipped in all, and ${kilobytes(documents)} kB to read PDFs`);
  if (script > SCRIPT_BUDGET) throw new Error(`the scripts weigh ${script} bytes gzipped, more than ${SCRIPT_BUDGET}`);
  if (documents > READER_BUDGET) throw new Error(`reading PDFs takes ${documents} bytes gzipped, more than ${READER_BUDGET}`);
}

// The server hands on a compressed copy that lies beside, to browsers that can read it.
function compress(out) {
  for (const name of readdirSync(out)) {
    if (!/\.(js|css|svg)$/.test(name) || name === "service-worker.js") continue;
    writeFileSync(join(out, `${name}.gz`), gzipSync(readFileSync(join(out, name)), { level: 9 }));
  }
}

// A page that was opened before this build still asks for its parts: they stay for a day.
function keepRecent(out) {
  if (!existsSync(built)) return;
  const dayAgo = Date.now() - 24 * 3600 * 1000;
  for (const name of readdirSync(built)) {
    const from = join(built, name);
    if (existsSync(join(out, name)) || statSync(from).mtimeMs < dayAgo) continue;
    cpSync(from, join(out, name), { preserveTimestamps: true, recursive: true });
  }
}

async function build() {
  const out = workshop("building");
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  const names = {};
  try {
    await scripts(out, names);
    reader(out, names);
    styles(out, names);
    icons(out, names);
    names.version = hashed("v.x", JSON.stringify(names)).slice(2, 10);
    const worker = join(out, "service-worker.js");
    // Every part of the script, so that none has to be fetched when there is no connection.
    const parts = readdirSync(out).filter((name) => name.endsWith(".js") && name !== "service-worker.js" && !name.startsWith(READER));
    const shell = [...new Set([...parts, names["app.css"], names["icons.svg"], names["inter.woff2"]])].map((name) => `/static/built/${name}`);
    writeFileSync(worker, readFileSync(worker, "utf8").replace("__VERSION__", names.version).replace('"__SHELL__"', JSON.stringify(shell)));
    checkBudget(out);
    compress(out);
    writeFileSync(join(out, "manifest.json"), JSON.stringify(names, null, 2));
    // Renames are quick: a page that loads meanwhile finds the old files or the new ones.
    keepRecent(out);
    const old = workshop("before");
    if (existsSync(built)) renameSync(built, old);
    renameSync(out, built);
    rmSync(old, { recursive: true, force: true });
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

await build();
if (process.argv.includes("--watch")) {
  let timer;
  console.log("build: watching");
  watch(source, { recursive: true }, (_, file) => {
    if (!file || file.includes("static/built") || !/\.(ts|css|html|py)$/.test(file)) return;
    clearTimeout(timer);
    timer = setTimeout(() => build().catch((error) => console.error(String(error))), 150);
  });
}
