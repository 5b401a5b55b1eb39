// What the site's files are, compressed (by Brotli where the build has done it, else by gzip), by what they count as:
//   node web/sizes.mjs prints it as JSON
// `page` and `PyFlow` are the site's own, which are to be 1 MB at most; the others are beside them.
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const here = path.dirname(fileURLToPath(import.meta.url));

export const BUDGET = 1 << 20;

/** `imported` are numpy's, protobuf's and Python's modules, compiled for Pyodide to start sooner. */
function groupOf(name) {
  if (name === "mnist.xz") return "MNIST";
  if (/imported/.test(name)) return "imported";
  if (/pyflow_tf|playground-|\.packed/.test(name)) return "PyFlow";
  return name.startsWith("pyodide/") ? "other" : "page";
}

/** Bytes of each group, of the files that `counts` says yes to. */
export function sizes(counts = () => true) {
  const dist = path.join(here, "dist");
  const sums = { page: 0, PyFlow: 0, imported: 0, other: 0, MNIST: 0 };
  for (const name of readdirSync(dist, { recursive: true, encoding: "utf8" })) {
    const file = path.join(dist, name);
    if (!statSync(file).isFile() || name.endsWith(".br") || !counts(name)) continue;
    const isPacked = existsSync(`${file}.br`);
    sums[groupOf(name)] += isPacked ? statSync(`${file}.br`).size : gzipSync(readFileSync(file), { level: 9 }).length;
  }
  return { ...sums, own: sums.page + sums.PyFlow };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(JSON.stringify({ ...sizes(), budget: BUDGET }));
