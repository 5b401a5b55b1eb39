// What a program prints: text with carriage returns as a terminal would show them, and figures in between.
import { h } from "../dom";

const MOST_LINES = 4000;
const ESCAPES = new RegExp(`${String.fromCharCode(27)}\\[[0-9;?]*[A-Za-z]`, "g"); // colours and cursor moves of a terminal

export class Console {
  readonly element = h("div", { class: "console", role: "log", "aria-label": "Console", tabindex: 0 });
  #line = "";
  #lineElement: HTMLElement | null = null;
  #overwrites = false;

  clear(): void {
    this.element.replaceChildren();
    this.#newLine();
  }

  /** Shows printed text; calls `line` with every line that is complete. */
  write(stream: "out" | "err", text: string, line: (text: string) => void): void {
    const atEnd = this.element.scrollHeight - this.element.scrollTop - this.element.clientHeight < 40;
    for (const piece of text.replace(ESCAPES, "").split(/(\r\n|\n|\r)/)) {
      if (piece === "\n" || piece === "\r\n") {
        if (!this.#lineElement) this.#show(stream);
        line(this.#line);
        this.#newLine();
      } else if (piece === "\r") {
        if (this.#line) line(this.#line);
        this.#overwrites = true;
      } else if (piece) {
        this.#line = this.#overwrites ? piece + this.#line.slice(piece.length) : this.#line + piece;
        this.#overwrites = false;
        this.#show(stream);
      }
    }
    while (this.element.childElementCount > MOST_LINES) this.element.firstElementChild?.remove();
    if (atEnd) this.element.scrollTop = this.element.scrollHeight;
  }

  /** A line of the page's own, such as how a program ended. */
  note(text: string, kind: "note" | "failure" = "note"): void {
    this.#newLine();
    this.element.append(h("div", { class: kind }, text));
    this.element.scrollTop = this.element.scrollHeight;
  }

  figure(png: string): void {
    this.#newLine();
    this.element.append(h("img", { src: `data:image/png;base64,${png}`, alt: "Figure drawn by the program" }));
    this.element.scrollTop = this.element.scrollHeight;
  }

  #show(stream: "out" | "err"): void {
    if (!this.#lineElement) {
      this.#lineElement = h("div", { class: stream });
      this.element.append(this.#lineElement);
    }
    this.#lineElement.textContent = this.#line;
  }

  #newLine(): void {
    this.#line = "";
    this.#lineElement = null;
    this.#overwrites = false;
  }
}
