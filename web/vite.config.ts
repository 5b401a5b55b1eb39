import { createHash } from "node:crypto";
import { appendFileSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { brotliCompressSync } from "node:zlib";
import { defineConfig, type Plugin } from "vite";
import headers from "./headers.json" with { type: "json" };

const dist = path.resolve(import.meta.dirname, "dist");

/** The policy stands in the page too, for hosts that send no headers; `frame-ancestors` counts in a header only. */
function policyInPage(): Plugin {
  const policy = headers["Content-Security-Policy"].replace(/frame-ancestors [^;]*; /, "");
  return {
    name: "policy-in-page",
    apply: "build",
    transformIndexHtml: () => [
      { tag: "meta", attrs: { "http-equiv": "Content-Security-Policy", content: policy }, injectTo: "head-prepend" },
    ],
  };
}

/** Puts beside each text of the page what it is in Brotli, for servers that send this to browsers that take it. */
function packedTexts(): Plugin {
  return {
    name: "packed-texts",
    apply: "build",
    closeBundle() {
      const names = readdirSync(dist, { recursive: true, encoding: "utf8" });
      for (const name of names.filter((name) => /\.(js|css|json)$/.test(name) && !name.startsWith("pyodide"))) {
        writeFileSync(path.join(dist, `${name}.br`), brotliCompressSync(readFileSync(path.join(dist, name))));
      }
    },
  };
}

/** Lists every file of the site with size and SHA-256; the service worker changes whenever one of them does. */
function lockFile(): Plugin {
  return {
    name: "lock-file",
    apply: "build",
    closeBundle() {
      writeFileSync(path.join(dist, "headers.json"), JSON.stringify(headers, null, 2));
      const lines = Object.entries(headers).map(([name, value]) => `  ${name}: ${value}\n`);
      writeFileSync(path.join(dist, "_headers"), `/*\n${lines.join("")}`);
      const names = readdirSync(dist, { recursive: true, encoding: "utf8" })
        .filter((name) => statSync(path.join(dist, name)).isFile())
        .filter((name) => !name.endsWith(".br") && !["site-lock.json", "sw.js"].includes(name))
        .sort();
      const files = Object.fromEntries(
        names.map((name) => {
          const content = readFileSync(path.join(dist, name));
          return [name, { size: content.length, sha256: createHash("sha256").update(content).digest("hex") }];
        }),
      );
      const lock = JSON.stringify({ files }, null, 1);
      writeFileSync(path.join(dist, "site-lock.json"), lock);
      appendFileSync(path.join(dist, "sw.js"), `// ${createHash("sha256").update(lock).digest("hex")}\n`);
    },
  };
}

export default defineConfig({
  base: "./",
  publicDir: "build/public",
  plugins: [policyInPage(), lockFile(), packedTexts()],
  worker: { format: "es" },
  server: { headers },
  build: {
    outDir: dist,
    emptyOutDir: true,
    target: "es2022",
    modulePreload: { polyfill: false },
    rollupOptions: {
      input: { index: "index.html", sw: "src/service-worker.ts" },
      output: { entryFileNames: (chunk) => (chunk.name === "sw" ? "sw.js" : "assets/[name]-[hash].js") },
    },
  },
});
