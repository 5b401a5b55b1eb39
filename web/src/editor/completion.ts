// Completion of `tf.` names with their signatures, from a list made when the site was built.
import type { Completion, CompletionContext, CompletionResult, CompletionSource } from "@codemirror/autocomplete";
import type { Library } from "../engine/messages";

/** The completions below each module ("" for `tf` itself). */
function byModule(names: Library["names"]): Map<string, Completion[]> {
  const found = new Map<string, Completion[]>();
  for (const [name, kind, signature] of names) {
    const dot = name.lastIndexOf(".");
    const siblings = found.get(name.slice(0, Math.max(dot, 0))) ?? [];
    found.set(name.slice(0, Math.max(dot, 0)), siblings);
    const info = signature.length > 60 && { info: signature }; // the list cuts it off
    siblings.push({ label: name.slice(dot + 1), type: kind, detail: signature, ...info });
  }
  return found;
}

export function completionOf(library: Promise<Library>): CompletionSource {
  let names: Promise<Map<string, Completion[]>> | null = null;
  return async (context: CompletionContext): Promise<CompletionResult | null> => {
    const word = context.matchBefore(/\b(tf|tensorflow|pyflow)\.([\w.]*)/);
    if (!word) return null;
    const path = word.text.slice(word.text.indexOf(".") + 1);
    const dot = path.lastIndexOf(".");
    names ??= library.then(({ names: all }) => byModule(all));
    const options = (await names).get(path.slice(0, Math.max(dot, 0)));
    return options ? { from: word.to - (path.length - dot - 1), options, validFor: /^\w*$/ } : null;
  };
}
