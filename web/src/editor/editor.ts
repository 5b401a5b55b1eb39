// CodeMirror for Python. It lives in a shadow root: there it adopts its style sheets, which the page's policy allows.
import { acceptCompletion, autocompletion } from "@codemirror/autocomplete";
import { indentWithTab } from "@codemirror/commands";
import { python, pythonLanguage } from "@codemirror/lang-python";
import { HighlightStyle, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { lintGutter, setDiagnostics } from "@codemirror/lint";
import { EditorState } from "@codemirror/state";
import { keymap } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { basicSetup, EditorView } from "codemirror";
import { h } from "../dom";
import type { Library } from "../engine/messages";
import { completionOf } from "./completion";

const KEYS = "Tab indents. Escape, then Tab, leaves the editor. Control and Enter runs the program.";

const theme = EditorView.theme({
  "&": { height: "100%", color: "var(--ink)", backgroundColor: "var(--paper)", fontSize: "13.5px" },
  "&.cm-focused": { outline: "2px solid var(--accent)", outlineOffset: "-2px" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.55" },
  ".cm-gutters": { backgroundColor: "var(--paper)", color: "var(--faint)", border: "none" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "var(--hover)" },
  ".cm-cursor": { borderLeftColor: "var(--ink)" },
  ".cm-selectionBackground, &.cm-focused .cm-selectionBackground": { backgroundColor: "var(--selection) !important" },
  ".cm-tooltip": { backgroundColor: "var(--panel)", border: "1px solid var(--line)", color: "var(--ink)" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { backgroundColor: "var(--accent)", color: "var(--on-accent)" },
  ".cm-completionDetail": { fontStyle: "normal", opacity: "0.75", marginLeft: "0.4em" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { maxWidth: "min(760px, 92vw)" },
  "@media (max-width: 640px)": { ".cm-completionInfo": { display: "none" } }, // it would hide the list
  ".cm-panels": { backgroundColor: "var(--panel)", color: "var(--ink)" },
});

const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.modifier], color: "var(--code-keyword)" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--code-string)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--code-number)" },
  { tag: tags.comment, color: "var(--code-comment)" },
  { tag: [tags.function(tags.definition(tags.variableName)), tags.className], color: "var(--code-definition)" },
]);

export class Editor {
  readonly element = h("div", { class: "editor" });
  #view: EditorView;

  constructor(text: string, library: Promise<Library>, actions: { run: () => true; changed: (text: string) => void }) {
    const root = this.element.attachShadow({ mode: "open" });
    this.#view = new EditorView({
      root,
      parent: root,
      state: EditorState.create({
        doc: text,
        extensions: [
          keymap.of([
            { key: "Mod-Enter", preventDefault: true, run: actions.run },
            { key: "Tab", run: acceptCompletion },
            indentWithTab,
          ]),
          basicSetup,
          indentUnit.of("    "),
          python(),
          pythonLanguage.data.of({ autocomplete: completionOf(library) }),
          autocompletion({ activateOnTyping: true }),
          lintGutter(),
          theme,
          syntaxHighlighting(colours),
          EditorView.contentAttributes.of({ "aria-label": "Program", "aria-description": KEYS, tabindex: "0" }),
          EditorView.updateListener.of((update) => update.docChanged && actions.changed(this.text)),
        ],
      }),
    });
  }

  get text(): string {
    return this.#view.state.doc.toString();
  }

  set text(text: string) {
    this.#view.dispatch({ changes: { from: 0, to: this.#view.state.doc.length, insert: text } });
    this.mark(null);
  }

  /** Marks a line, counted from 1, with an error; null takes the mark away. */
  mark(error: { line: number; message: string } | null): void {
    const document = this.#view.state.doc;
    const at = error && document.line(Math.min(Math.max(error.line, 1), document.lines));
    const marks = at ? [{ from: at.from, to: at.to, severity: "error" as const, message: error.message }] : [];
    this.#view.dispatch(setDiagnostics(this.#view.state, marks));
    if (at) this.#view.dispatch({ effects: EditorView.scrollIntoView(at.from, { y: "center" }) });
  }
}
