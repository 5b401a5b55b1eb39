// Makes of PyFlow's wheel one in which all modules are one file, compiled by Pyodide's own Python, and with them those
// of others that are imported at the start:  node web/compile.mjs FOLDER_WITH_NUMPY PYFLOW_WHEEL OTHER_WHEEL...
//
// What nothing in a tab reads is left out of PyFlow's: columns, functions' type hints, the docstrings of modules and of
// what is private. Others keep their sources. web/python/playground/imports.py reads the file.
import { readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";

const COMPILE = `
import ast, importlib, io, marshal, site, sys, zipfile
from compression import zstd

packages = site.getsitepackages()[0]


def module_name(path):
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def entry(code, path):
    return marshal.dumps(code), path, path.endswith("/__init__.py")


def of_use(tree):
    """Classes keep their hints, which dataclasses read; help() works for all that programs call."""
    functions = ast.FunctionDef | ast.AsyncFunctionDef
    for node in ast.walk(tree):
        if isinstance(node, functions):
            node.returns = None
            named = node.args
            for argument in (*named.posonlyargs, *named.args, *named.kwonlyargs, named.vararg, named.kwarg):
                if argument:
                    argument.annotation = None
        is_private = isinstance(node, ast.Module) or isinstance(node, functions | ast.ClassDef) and node.name.startswith("_")
        if is_private and ast.get_docstring(node) is not None:
            node.body[:1] = [] if len(node.body) > 1 else [ast.copy_location(ast.Pass(), node.body[0])]
    return tree


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
    """The wheel with modules.bin in the place of its modules."""
    modules, files = {}, {}
    with zipfile.ZipFile(io.BytesIO(wheel)) as old:
        for name in old.namelist():
            if name.endswith(".py"):
                path = f"{packages}/{name}"
                modules[module_name(name)] = entry(compile(of_use(ast.parse(old.read(name))), path, "exec", dont_inherit=True), path)
            elif not name.endswith((".pyi", "/RECORD")):
                files[name] = old.read(name)
    modules.update(imported_at_start())
    options = {zstd.CompressionParameter.compression_level: 22, zstd.CompressionParameter.window_log: 24}
    files["modules.bin"] = zstd.compress(marshal.dumps(dict(sorted(modules.items()))), options=options)
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
const pyodide = await loadPyodide({ packageCacheDir: cache, args: ["-X", "no_debug_ranges"] });
await pyodide.loadPackage(["numpy"], { messageCallback: () => {} });
pyodide.runPython(COMPILE);
const extractDir = pyodide.globals.get("packages");
for (const file of [wheel, ...others]) pyodide.unpackArchive(await bytes(file), "wheel", { extractDir });
const content = pyodide.globals.get("compiled")(pyodide.toPy(await bytes(wheel)).tobytes());
const tag = pyodide.runPython("f'cp{sys.version_info.major}{sys.version_info.minor}'");
await writeFile(wheel.replace("-py3-none-any", `-${tag}-none-any`), content.toJs());
