// The gallery of examples, by chapter, in a dialog.
import { h } from "../dom";

interface Example {
  chapter: string;
  file: string;
  about: string;
}

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

  constructor(private readonly chosen: (file: string, text: string) => void) {}

  async open(): Promise<void> {
    this.element.showModal();
    if (this.#list.childElementCount) return;
    const examples: Example[] = await (await fetch("examples.json")).json();
    for (const chapter of new Set(examples.map((example) => example.chapter))) {
      const cards = examples.filter((example) => example.chapter === chapter).map((example) => this.#card(example));
      this.#list.append(
        h("h3", {}, /^\d/.test(chapter) ? `Chapter ${chapter}` : chapter),
        h("div", { class: "cards" }, ...cards),
      );
    }
  }

  #card({ file, about }: Example): HTMLElement {
    return h(
      "button",
      { class: "card-button", onclick: () => void this.#choose(file) },
      h("strong", {}, file.replace(/^.*\//, "").replace(/\.py$/, "").replaceAll("_", " ")),
      h("span", {}, about),
    );
  }

  async #choose(file: string): Promise<void> {
    const text = await (await fetch(`examples/${file}`)).text();
    this.element.close();
    this.chosen(file, text);
  }
}
