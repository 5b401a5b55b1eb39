// Completion of `tf.` names with their signatures, from a list made when the site was built.
import type { Completion, CompletionContext, CompletionResult } from "@codemirror/autocomplete";

type Name = [name: string, kind: "function" | "class" | "namespace" | "constant", signature: string];

let names: Promise<Map<string, Completion[]>> | null = null;

/** The completions below each module ("" for `tf` itself), fetched when first asked for. */
function load(): Promise<Map<string, Completion[]>> {
  names ??= fetch("names.json").then(async (response) => {
    const found = new Map<string, Completion[]>();
    for (const [name, kind, signature] of (await response.json()) as Name[]) {
      const dot = name.lastIndexOf(".");
      const siblings = found.get(name.slice(0, Math.max(dot, 0))) ?? [];
      found.set(name.slice(0, Math.max(dot, 0)), siblings);
      const info = signature.length > 60 && { info: signature }; // the list cuts it off
      siblings.push({ label: name.slice(dot + 1), type: kind, detail: signature, ...info });
    }
    return found;
  });
  return names;
}

export async function completeTensorFlow(context: CompletionContext): Promise<CompletionResult | null> {
  const word = context.matchBefore(/\b(tf|tensorflow|pyflow)\.([\w.]*)/);
  if (!word) return null;
  const path = word.text.slice(word.text.indexOf(".") + 1);
  const dot = path.lastIndexOf(".");
  const options = (await load()).get(path.slice(0, Math.max(dot, 0)));
  return options ? { from: word.to - (path.length - dot - 1), options, validFor: /^\w*$/ } : null;
}
