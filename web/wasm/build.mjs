// node build.mjs [FOLDER]: compiles assembly/ to kernels.wasm and kernels-fma.wasm, beside pyflow/runtime/cpu/wasm.py,
// where Python looks for them, or in the folder.
import path from "node:path";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

const here = path.dirname(fileURLToPath(import.meta.url));
const target = path.resolve(process.argv[2] ?? path.join(here, "../../pyflow/runtime/cpu"));

for (const [name, features] of [
  ["kernels.wasm", ["--enable", "simd"]],
  ["kernels-fma.wasm", ["--enable", "simd", "--enable", "relaxed-simd"]],
]) {
  const { error, stderr } = await asc.main([
    "index.ts",
    ...["--baseDir", path.join(here, "assembly"), "--outFile", path.join(target, name)],
    ...["-O3", "--shrinkLevel", "1", "--noAssert", "--runtime", "stub", "--importMemory", ...features],
  ]);
  process.stderr.write(stderr.toString());
  if (error) process.exit(1);
}
