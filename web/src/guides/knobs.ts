// The knobs of a guided page, described as data; what is set is kept across reloads.
import { h, labelled } from "../dom";
import { keep, kept } from "../state";

export interface Knob {
  name: string;
  label: string;
  options: [value: number | string | boolean, text: string][];
  initial: number | string | boolean;
}

export type Settings = Record<string, number | string | boolean>;

export class Knobs {
  readonly element: HTMLElement;
  #selects = new Map<string, HTMLSelectElement>();

  constructor(
    private readonly key: string,
    private readonly knobs: Knob[],
    changed: () => void,
  ) {
    const before = kept<Settings>(key, {});
    this.element = h("div", { class: "knobs" });
    for (const knob of knobs) {
      const value = before[knob.name] ?? knob.initial;
      const choices = knob.options.map(([option, text]) => h("option", { selected: option === value }, text));
      const select = h("select", {}, ...choices);
      select.addEventListener("change", () => {
        keep(this.key, this.values);
        changed();
      });
      this.#selects.set(knob.name, select);
      this.element.append(labelled(knob.label, select));
    }
  }

  get values(): Settings {
    return Object.fromEntries(
      this.knobs.map((knob) => [
        knob.name,
        knob.options[this.#selects.get(knob.name)?.selectedIndex ?? 0]?.[0] ?? knob.initial,
      ]),
    );
  }

  /** Sets what a loaded model asks for; a value that is not among the options becomes one. */
  set(values: Settings): void {
    for (const knob of this.knobs) {
      const [value, select] = [values[knob.name], this.#selects.get(knob.name)];
      if (value === undefined || !select) continue;
      let index = knob.options.findIndex(([option]) => option === value);
      if (index < 0) {
        index = knob.options.push([value, String(value)]) - 1;
        select.append(h("option", {}, String(value)));
      }
      select.selectedIndex = index;
    }
    keep(this.key, this.values);
  }
}
