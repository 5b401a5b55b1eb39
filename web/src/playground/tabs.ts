// Tabs as the ARIA pattern has them: arrow keys move between them, one panel is seen.
import { h } from "../dom";

export class Tabs {
  readonly element = h("div", { class: "tabs" });
  readonly #buttons = new Map<string, HTMLButtonElement>();
  readonly #panels = new Map<string, HTMLElement>();
  selected = "";

  constructor(
    panels: Record<string, HTMLElement>,
    private readonly shown: (name: string) => void,
  ) {
    const list = h("div", {
      role: "tablist",
      "aria-label": "Results",
      onkeydown: (event: KeyboardEvent) => this.#move(event),
    });
    this.element.append(list);
    for (const [name, content] of Object.entries(panels)) {
      const button = h(
        "button",
        { role: "tab", id: `tab-${name}`, "aria-controls": `panel-${name}`, onclick: () => this.select(name) },
        name,
      );
      const panel = h(
        "div",
        { role: "tabpanel", id: `panel-${name}`, "aria-labelledby": `tab-${name}`, class: "panel" },
        content,
      );
      this.#buttons.set(name, button);
      this.#panels.set(name, panel);
      list.append(button);
      this.element.append(panel);
    }
    this.select(Object.keys(panels)[0] ?? "");
  }

  select(name: string): void {
    this.selected = name;
    for (const [other, button] of this.#buttons) {
      const chosen = other === name;
      button.setAttribute("aria-selected", String(chosen));
      button.tabIndex = chosen ? 0 : -1;
      if (chosen) button.classList.remove("news");
      const panel = this.#panels.get(other);
      if (panel) panel.hidden = !chosen;
    }
    this.shown(name);
  }

  /** Says that there is something new behind a tab. */
  mark(name: string): void {
    const button = this.#buttons.get(name);
    if (button?.getAttribute("aria-selected") === "false") button.classList.add("news");
  }

  #move(event: KeyboardEvent): void {
    const names = [...this.#buttons.keys()];
    const at = names.findIndex((name) => this.#buttons.get(name) === event.target);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: -1 }[event.key];
    if (at < 0 || to === undefined) return;
    const next = names.at(to % names.length) ?? "";
    this.select(next);
    this.#buttons.get(next)?.focus();
  }
}
