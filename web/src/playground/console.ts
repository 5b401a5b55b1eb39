// What a program prints: text with carriage returns as a terminal would show them, and figures in between.
import { h } from "../dom";

const MOST_LINES = 4000;
const MOST_FIGURES = 100;
const LONGEST_LINE = 10_000;
const ESCAPES = new RegExp(`${String.fromCharCode(27)}\\[[0-9;?]*[A-Za-z]`, "g"); // colours and cursor moves of a terminal

type Stream = "out" | "err";

export class Console {
  readonly element = h("div", { class: "console", role: "log", "aria-label": "Console", tabindex: 0 });
  #line = "";
  #column = 0;
  #stream: Stream = "out";
  #complete: [Stream, string][] = []; // lines that are not shown yet
  #begun: HTMLElement | null = null; // the line that is shown, but not complete
  #frame = 0;

  clear(): void {
    this.#complete = [];
    this.#line = "";
    this.#column = 0;
    this.#show();
    this.element.replaceChildren();
    this.#begun = null;
  }

  /** Shows printed text with the next frame; calls `line` with every line that is complete. */
  write(stream: Stream, text: string, line: (text: string) => void): void {
    if (stream !== this.#stream && this.#line) this.#end(line);
    this.#stream = stream;
    for (const piece of text.replace(ESCAPES, "").split(/(\r\n|[\n\r\b])/)) {
      if (piece === "\n" || piece === "\r\n") this.#end(line);
      else if (piece === "\b") this.#column = Math.max(this.#column - 1, 0);
      else if (piece === "\r") {
        if (this.#column) line(this.#line);
        this.#column = 0;
      } else if (piece) {
        const after = this.#column + piece.length;
        this.#line = this.#line.slice(0, this.#column) + piece + this.#line.slice(after);
        this.#column = after;
        while (this.#line.length > LONGEST_LINE) {
          this.#complete.push([stream, this.#line.slice(0, LONGEST_LINE)]);
          this.#line = this.#line.slice(LONGEST_LINE);
          this.#column = Math.max(this.#column - LONGEST_LINE, 0);
        }
      }
    }
    if (this.#complete.length > 2 * MOST_LINES) this.#complete.splice(0, this.#complete.length - MOST_LINES);
    this.#frame ||= requestAnimationFrame(() => this.#show());
  }

  /** A line of the page's own, such as how a program ended. */
  note(text: string, kind: "note" | "failure" = "note"): void {
    this.#add(h("div", { class: kind }, text));
  }

  figure(png: string): void {
    const [oldest, ...others] = this.element.querySelectorAll("img");
    if (others.length >= MOST_FIGURES - 1) oldest?.remove();
    this.#add(h("img", { src: `data:image/png;base64,${png}`, alt: "Figure drawn by the program" }));
  }

  #end(line: (text: string) => void): void {
    line(this.#line);
    this.#complete.push([this.#stream, this.#line]);
    this.#line = "";
    this.#column = 0;
  }

  #add(element: HTMLElement): void {
    if (this.#line) this.#end(() => {});
    this.#show();
    this.element.append(element);
    this.element.scrollTop = this.element.scrollHeight;
  }

  #show(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    const atEnd = this.element.scrollHeight - this.element.scrollTop - this.element.clientHeight < 40;
    const lines = this.#complete.splice(0);
    if (this.#line) lines.push([this.#stream, this.#line]);
    const first = Math.max(lines.length - MOST_LINES, 0);
    if (first > 0) this.element.replaceChildren();
    lines.slice(first).forEach(([stream, text], i) => {
      const element = (i === 0 && first === 0 && this.#begun) || h("div", { class: stream });
      if (!element.isConnected) this.element.append(element);
      element.textContent = text;
      this.#begun = element;
    });
    if (!this.#line) this.#begun = null;
    while (this.element.childElementCount > MOST_LINES) this.element.firstElementChild?.remove();
    if (atEnd) this.element.scrollTop = this.element.scrollHeight;
  }
}
