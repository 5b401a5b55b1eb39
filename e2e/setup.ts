// Before all specs: the files that they drop into the page, made natively.
import { execFileSync } from "node:child_process";
import { made, python } from "./native";

export default function setup(): void {
  execFileSync(python, ["make_files.py", made()], { cwd: import.meta.dirname, stdio: "pipe" });
}
