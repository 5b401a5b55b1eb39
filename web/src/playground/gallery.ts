// The gallery of examples, by chapter, in a dialog.
import { h } from "../dom";
import type { Library } from "../engine/messages";

export class Gallery {
  readonly #list = h("div", { class: "gallery-list" });
  readonly element = h(
    "dialog",
    { class: "gallery", "aria-label": "Examples" },
    h(
      "div",
      { class: "bar" },
      h("h2", {}, "Examples"),
      h("button", { class: "icon", "aria-label": "Close", onclick: () => this.element.close() }, "×"),
    ),
    this.#list,
  );

  constructor(
    private readonly library: Promise<Library>,
    private readonly chosen: (file: string, text: string) => void,
  ) {}

  async open(): Promise<void> {
    this.element.showModal();
    if (this.#list.childElementCount) return;
    const { gallery, examples } = await this.library;
    if (this.#list.childElementCount) return; // it was opened twice meanwhile
    for (const chapter of new Set(gallery.map((example) => example.chapter))) {
      const own = gallery.filter((example) => example.chapter === chapter);
      const cards = own.map(({ file, about }) => this.#card(file, about, examples.get(file) ?? ""));
      this.#list.append(
        h("h3", {}, /^\d/.test(chapter) ? `Chapter ${chapter}` : chapter),
        h("div", { class: "cards" }, ...cards),
      );
    }
  }

  #card(file: string, about: string, text: string): HTMLElement {
    return h(
      "button",
      { class: "card-button", onclick: () => this.#choose(file, text) },
      h("strong", {}, file.replace(/^.*\//, "").replace(/\.py$/, "").replaceAll("_", " ")),
      h("span", {}, about),
    );
  }

  #choose(file: string, text: string): void {
    this.element.close();
    this.chosen(file, text);
  }
}
