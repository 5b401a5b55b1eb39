// Makes of the wheels of PyFlow, of the playground and of others what a tab loads, compiled by Pyodide's own Python:
//   node web/compile.mjs FOLDER_WITH_NUMPY PYFLOW_WHEEL PLAYGROUND_WHEEL OTHER_WHEEL...
// Beside PyFlow's wheel it writes wheels of the same names for `-cp3…`, whose modules and files are packed in a few files
// (see web/python/playground/imports.py), and one of the modules of others that are imported at the start; and
// later-*.bin, of those that the first steps in a tab do not need.
import { readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";

const here = path.dirname(fileURLToPath(import.meta.url));
const bytes = async (file) => new Uint8Array(await readFile(file));
const [cache, wheel, playground, ...others] = process.argv.slice(2);
const tests = path.resolve(here, "../tests/pyodide/package.json");
const { loadPyodide } = await import(createRequire(tests).resolve("pyodide").replace(/\.js$/, ".mjs"));
const quiet = { messageCallback: () => {} };

/** Python with numpy, the wheels, and this folder's modules. */
async function python(...wheels) {
  const pyodide = await loadPyodide({ packageCacheDir: cache, args: ["-X", "no_debug_ranges"] });
  await pyodide.loadPackage(["numpy"], quiet);
  const extractDir = pyodide.runPython("import site; site.getsitepackages()[0]");
  for (const file of wheels) pyodide.unpackArchive(await bytes(file), "wheel", { extractDir });
  for (const name of ["modules", "stages", "first_steps"]) {
    pyodide.FS.writeFile(`/home/pyodide/${name}.py`, await bytes(path.join(here, `${name}.py`)));
  }
  pyodide.FS.writeFile("/pyflow.whl", await bytes(wheel));
  pyodide.FS.writeFile("/playground.whl", await bytes(playground));
  return pyodide;
}

const builder = await python(wheel, playground, ...others);
builder.runPython(`
import json, marshal, modules, stages
wheels = [open(f"/{name}.whl", "rb").read() for name in ("pyflow", "playground")]
pyflow, playground = map(modules.compiled, wheels)
everything = {}
places = stages.record(marshal.dumps(pyflow), lambda: everything.update(modules.imported_by(modules.load_everything)))
`);

const visitor = await python(playground, ...others);
visitor.FS.writeFile("/pyflow.bin", builder.runPython("marshal.dumps(pyflow)").toJs());
visitor.globals.set("places", builder.runPython("json.dumps(places)"));
const page = await readFile(path.join(here, "src/playground/first-program.ts"), "utf8");
visitor.globals.set("program", page.match(/`([^`]*)`/)[1]);
const first = visitor.runPython(`
import json, marshal, first_steps, modules, stages
imported = {}
steps = lambda: imported.update(modules.imported_by(lambda: first_steps.take(program)))
json.dumps(stages.needed(open("/pyflow.bin", "rb").read(), json.loads(places), steps))
`);

builder.globals.set("first", first);
builder.FS.writeFile("/imported.bin", visitor.runPython("marshal.dumps(imported)").toJs());
builder.runPython(`
first = json.loads(first)
imported = marshal.loads(open("/imported.bin", "rb").read())
later = modules.chosen(pyflow, set(pyflow) - set(first))
imported_later = modules.chosen(everything, set(everything) - set(imported))
at_once = modules.chosen(pyflow, first) | playground
`);
const tag = builder.runPython("import sys; f'cp{sys.version_info.major}{sys.version_info.minor}'");
const made = {
  [path.basename(wheel).replace("-py3-", `-${tag}-`)]:
    'modules.rebuilt(wheels[0], {"modules.bin": modules.packed(at_once), "files.bin": modules.packed(modules.files_of(*wheels))})',
  [path.basename(playground).replace("-py3-", `-${tag}-`)]: "modules.rebuilt(wheels[1], {})",
  [`imported-1-${tag}-none-any.whl`]: 'modules.wheel("imported", {"imported.bin": modules.packed(imported)})',
  "later-modules.bin": "modules.packed(later)",
  "later-imported.bin": "modules.packed(imported_later)",
  "first.json": "json.dumps(first, indent=0).encode()",
};
for (const [name, code] of Object.entries(made)) {
  await writeFile(path.join(path.dirname(wheel), name), builder.runPython(code).toJs());
}
