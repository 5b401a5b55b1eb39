// Makes of PyFlow's wheel one in which all modules are one file, compiled by Pyodide's own Python, and with them those
// of others that are imported at the start:  node web/compile.mjs FOLDER_WITH_NUMPY PYFLOW_WHEEL OTHER_WHEEL...
//
// Others keep their sources. web/python/playground/imports.py reads the file.
import { readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";

const COMPILE = `
import importlib, io, marshal, site, sys, zipfile

packages = site.getsitepackages()[0]


def module_name(path):
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def entry(code, path):
    return marshal.dumps(code), path, path.endswith("/__init__.py")


def imported_at_start():
    """The modules of others, in Python, that the playground's modules load."""
    before = set(sys.modules)
    import playground

    for name in playground.MODULES:
        importlib.import_module(f"playground.{name}")
    for other in sorted(set(sys.modules) - before):
        spec = sys.modules[other].__spec__
        if spec and spec.name == other and not other.startswith("pyflow") and (spec.origin or "").endswith((".py", ".pyc")):
            yield other, entry(spec.loader.get_code(other), spec.origin.removesuffix("c"))


def compiled(wheel):
    """The wheel with modules.bin in the place of its modules; type hints are of no use there."""
    modules, files = {}, {}
    with zipfile.ZipFile(io.BytesIO(wheel)) as old:
        for name in old.namelist():
            if name.endswith(".py"):
                path = f"{packages}/{name}"
                modules[module_name(name)] = entry(compile(old.read(name), path, "exec", dont_inherit=True), path)
            elif not name.endswith((".pyi", "/RECORD")):
                files[name] = old.read(name)
    modules.update(imported_at_start())
    files["modules.bin"] = marshal.dumps(dict(sorted(modules.items())))
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as new:
        for name in sorted(files):
            new.writestr(zipfile.ZipInfo(name), files[name], zipfile.ZIP_DEFLATED, compresslevel=9)
    return target.getvalue()
`;

const bytes = async (file) => new Uint8Array(await readFile(file));
const [cache, wheel, ...others] = process.argv.slice(2);
const tests = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../tests/pyodide/package.json");
const { loadPyodide } = await import(createRequire(tests).resolve("pyodide").replace(/\.js$/, ".mjs"));
const pyodide = await loadPyodide({ packageCacheDir: cache });
await pyodide.loadPackage(["numpy"], { messageCallback: () => {} });
pyodide.runPython(COMPILE);
const extractDir = pyodide.globals.get("packages");
for (const file of [wheel, ...others]) pyodide.unpackArchive(await bytes(file), "wheel", { extractDir });
const content = pyodide.globals.get("compiled")(pyodide.toPy(await bytes(wheel)).tobytes());
const tag = pyodide.runPython("f'cp{sys.version_info.major}{sys.version_info.minor}'");
await writeFile(wheel.replace("-py3-none-any", `-${tag}-none-any`), content.toJs());
