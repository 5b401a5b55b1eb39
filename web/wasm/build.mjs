// node build.mjs [FOLDER]: compiles assembly/ to kernels.wasm and kernels-fma.wasm, beside pyflow/runtime/cpu/wasm.py,
// where Python looks for them, or in the folder; and to web/build/text.wasm, with which the site's text is packed.
import path from "node:path";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

const here = path.dirname(fileURLToPath(import.meta.url));
const target = path.resolve(process.argv[2] ?? path.join(here, "../../pyflow/runtime/cpu"));

for (const [source, file, features] of [
  ["index.ts", path.join(target, "kernels.wasm"), ["--importMemory", "--enable", "simd"]],
  ["index.ts", path.join(target, "kernels-fma.wasm"), ["--importMemory", "--enable", "simd", "--enable", "relaxed-simd"]],
  ["text/packer.ts", path.join(here, "../build/text.wasm"), []],
]) {
  const { error, stderr } = await asc.main([
    source,
    ...["--baseDir", path.join(here, "assembly"), "--outFile", file],
    ...["-O3", "--shrinkLevel", "1", "--noAssert", "--runtime", "stub", ...features],
  ]);
  process.stderr.write(stderr.toString());
  if (error) process.exit(1);
}
