// Runs commands in Pyodide, with this checkout mounted at /pyflow and the wheels that fetch.py got:
//
//   node tests/pyodide/run.mjs FOLDER_OF_WHEELS [--mount HOST_FOLDER=/path]... [--env NAME=VALUE]...
//     COMMAND [ARGS...] [-- COMMAND [ARGS...]]...
//
// A command is what in_pyodide.py knows: `pytest` or `run`. The exit code is that of the first one that failed.
import { readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import v8 from "node:v8";
import { loadPyodide } from "pyodide";

// What browsers have had since 2023, for both builds of the kernels; Node 20 has it too, but not by default.
if (process.version.startsWith("v20.")) v8.setFlagsFromString("--experimental-wasm-relaxed-simd");

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.resolve(here, "../..");

function parseArguments([wheels, ...rest]) {
  const mounts = [];
  const env = {};
  while (rest[0] === "--mount" || rest[0] === "--env") {
    const [name, value] = rest[1].split("=");
    if (rest[0] === "--env") env[name] = value;
    else mounts.push({ host: path.resolve(name), inside: value });
    rest.splice(0, 2);
  }
  const commands = [[]];
  for (const word of rest) {
    if (word === "--") commands.push([]);
    else commands.at(-1).push(word);
  }
  return { wheels: path.resolve(wheels), mounts, env, commands };
}

async function boot(wheels, mounts, env) {
  const pyodide = await loadPyodide({
    packageCacheDir: wheels, // where loadPackage looks first; it checks the lock file's checksum
    env: { HOME: "/home/pyodide", PYTHONDONTWRITEBYTECODE: "1", COLUMNS: "120", ...env },
  });
  await pyodide.loadPackage(["numpy", "pillow"], { messageCallback: () => {} });
  for (const { host, inside } of [{ host: root, inside: "/pyflow" }, { host: wheels, inside: "/wheels" }, ...mounts]) {
    pyodide.FS.mkdirTree(inside);
    pyodide.mountNodeFS(inside, host);
  }
  return pyodide;
}

const seconds = (since) => ((performance.now() - since) / 1000).toFixed(1);

async function main({ wheels, mounts, env, commands }) {
  const start = performance.now();
  const pyodide = await boot(wheels, mounts, env);
  console.log(`Pyodide ${pyodide.version} ready in ${seconds(start)} s`);
  pyodide.runPython(await readFile(path.join(here, "in_pyodide.py"), "utf8"));
  const driver = pyodide.globals.get("main");
  let exitCode = 0;
  for (const command of commands) {
    const since = performance.now();
    const code = driver(pyodide.toPy(command));
    console.log(`in Pyodide: ${command.join(" ")}: exit code ${code}, ${seconds(since)} s`);
    exitCode ||= code;
  }
  return exitCode;
}

main(parseArguments(process.argv.slice(2))).then(
  (code) => process.exit(code),
  (error) => {
    console.error(error.stack); // Node would print the source line too, and Pyodide's is a megabyte long
    process.exit(1);
  },
);
