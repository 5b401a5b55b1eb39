// What is outside of the browser: the Python that makes files and reads them back, and where they are.
import { execFileSync } from "node:child_process";
import path from "node:path";

export const python = path.resolve(import.meta.dirname, process.env.PYTHON_BIN ?? "../.venv/bin/python");

/** The path of a file that make_files.py has made. */
export const made = (...names: string[]) => path.resolve(import.meta.dirname, "artifacts/files", ...names);

/** What a native network says of a blank image when it has restored a checkpoint. */
export function nativeProbabilities(checkpoint: string): number[] {
  const options = { cwd: import.meta.dirname, encoding: "utf8", stdio: "pipe" } as const;
  return JSON.parse(execFileSync(python, ["make_files.py", "--probabilities", checkpoint], options));
}
