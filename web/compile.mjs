// Makes of the wheels of PyFlow, of the playground and of others what a tab loads, in Pyodide's own Python:
//   node web/compile.mjs FOLDER_WITH_NUMPY PYFLOW_WHEEL PLAYGROUND_WHEEL OTHER_WHEEL...
// Beside PyFlow's wheel it writes wheels for `-cp3…`: PyFlow's without modules, the playground's with what starts it, and
// one of the modules of others that are imported at the start; those that the first steps in a tab do not need are in
// later-imported.bin. The modules of PyFlow and of the playground are in first.txt and rest.txt, for web/pack.mjs (see
// web/python/playground/imports.py).
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
own, playground = map(modules.sources, wheels)
everything = {}
places = stages.record(own, lambda: everything.update(modules.imported_by(modules.load_everything)))
from pyflow.core.api import PUBLIC
shown = modules.described(PUBLIC.values())
own, playground = (modules.shortened(each, shown) for each in (own, playground))
`);

const visitor = await python(playground, ...others);
visitor.FS.writeFile("/pyflow.bin", builder.runPython("marshal.dumps(own)").toJs());
visitor.globals.set("places", builder.runPython("json.dumps(places)"));
const page = await readFile(path.join(here, "src/playground/first-program.ts"), "utf8");
visitor.globals.set("program", page.match(/`([^`]*)`/)[1]);
const first = visitor.runPython(`
import json, marshal, first_steps, modules, stages
imported = {}
steps = lambda: imported.update(modules.imported_by(lambda: first_steps.take(program)))
json.dumps(stages.needed(marshal.load(open("/pyflow.bin", "rb")), json.loads(places), steps))
`);

builder.globals.set("first", first);
builder.FS.writeFile("/imported.bin", visitor.runPython("marshal.dumps(imported)").toJs());
builder.runPython(`
first = json.loads(first)
imported = marshal.loads(open("/imported.bin", "rb").read())
later = modules.chosen(own, set(own) - set(first))
imported_later = modules.chosen(everything, set(everything) - set(imported))
at_once = modules.chosen(own, first) | playground
`);
const tag = builder.runPython("import sys; f'cp{sys.version_info.major}{sys.version_info.minor}'");
const made = {
  [`pyflow_tf-1-${tag}-none-any.whl`]: 'modules.wheel("pyflow_tf", {})', // what packages ask for; it comes as text
  [`playground-1-${tag}-none-any.whl`]: 'modules.wheel("playground", modules.starting(wheels[1]))',
  [`imported-1-${tag}-none-any.whl`]: 'modules.wheel("imported", {"imported.bin": modules.packed(imported)})',
  "first.txt": "modules.joined(at_once, modules.texts(*wheels))",
  "rest.txt": "modules.joined(later)",
  "later-imported.bin": "modules.packed(imported_later)",
  "first.json": "json.dumps(first, indent=0).encode()",
};
for (const [name, code] of Object.entries(made)) {
  await writeFile(path.join(path.dirname(wheel), name), builder.runPython(code).toJs());
}
