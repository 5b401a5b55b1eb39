// Makes from a wheel of sources one of code that Pyodide's Python has compiled, beside it:  node web/compile.mjs WHEEL
import { readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";

const COMPILE = `
import importlib._bootstrap_external as importing, io, sys, zipfile

def compiled(wheel):
    """The wheel with a .pyc in the place of each .py; type hints are of no use there."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(wheel.to_py())) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as new:
        for name in sorted(old.namelist()):
            content = old.read(name)
            if name.endswith(".pyi"):
                continue
            if name.endswith(".py"):
                code = compile(content, "/lib/" + name, "exec", dont_inherit=True)
                content, name = importing._code_to_hash_pyc(code, bytes(8), False), name + "c"
            new.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return target.getvalue(), f"cp{sys.version_info.major}{sys.version_info.minor}"

compiled
`;

const tests = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../tests/pyodide/package.json");
const { loadPyodide } = await import(createRequire(tests).resolve("pyodide").replace(/\.js$/, ".mjs"));
const pyodide = await loadPyodide();
const wheel = process.argv[2];
const [content, tag] = pyodide.runPython(COMPILE)(new Uint8Array(await readFile(wheel)));
await writeFile(wheel.replace("-py3-none-any", `-${tag}-none-any`), content.toJs());
