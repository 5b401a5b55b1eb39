// Makes of PyFlow's wheel one whose modules are a file, compiled by Pyodide's own Python, and beside it
// `imported.bin`, those of others that are imported at the start, and `later-modules.bin`, those of PyFlow that the first
// steps in a tab do not need:  node web/compile.mjs FOLDER_WITH_NUMPY PYFLOW_WHEEL OTHER_WHEEL...
import { readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";

const here = path.dirname(fileURLToPath(import.meta.url));
const bytes = async (file) => new Uint8Array(await readFile(file));
const [cache, wheel, ...others] = process.argv.slice(2);
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
  pyodide.FS.writeFile("/wheel", await bytes(wheel));
  return pyodide;
}

const builder = await python(wheel, ...others);
builder.runPython(`
import json, marshal, modules, stages
wheel = open("/wheel", "rb").read()
pyflow = modules.compiled(wheel)
content = marshal.dumps(pyflow)
everything = {}
places = stages.record(content, lambda: everything.update(modules.imported_by(modules.load_everything)))
`);

const visitor = await python(...others);
visitor.FS.writeFile("/content", builder.runPython("content").toJs());
visitor.globals.set("places", builder.runPython("json.dumps(places)"));
const page = await readFile(path.join(here, "src/playground/first-program.ts"), "utf8");
visitor.globals.set("program", page.match(/`([^`]*)`/)[1].replaceAll("${step}", "{step}"));
const first = visitor.runPython(`
import json, marshal, first_steps, modules, stages
imported = {}
steps = lambda: imported.update(modules.imported_by(lambda: first_steps.take(program)))
json.dumps(stages.needed(open("/content", "rb").read(), json.loads(places), steps))
`);

builder.globals.set("first", first);
builder.FS.writeFile("/imported", visitor.runPython("marshal.dumps(imported)").toJs());
const tag = builder.runPython("import sys; f'cp{sys.version_info.major}{sys.version_info.minor}'");
const made = {
  [wheel.replace("-py3-none-any", `-${tag}-none-any`)]: `
first, imported = set(json.loads(first)), marshal.loads(open("/imported", "rb").read())
modules.rebuilt(wheel, {"modules.bin": modules.packed(modules.chosen(pyflow, first))})`,
  [path.join(path.dirname(wheel), "imported.bin")]: "modules.packed(imported)",
  [path.join(path.dirname(wheel), "later-modules.bin")]: `
modules.packed(modules.chosen(pyflow | everything, (set(pyflow) | set(everything)) - first - set(imported)))`,
  [path.join(path.dirname(wheel), "first.json")]: "json.dumps(sorted(first), indent=0).encode()",
};
for (const [file, code] of Object.entries(made)) await writeFile(file, builder.runPython(code).toJs());
