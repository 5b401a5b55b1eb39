// The profile of the last run as a table: where its time went, by kind of op and by device.
import { h } from "../dom";
import type { Profile } from "../engine/messages";

export class ProfilePanel {
  readonly element = h("div", { class: "profile" });

  constructor() {
    this.show(null);
  }

  show(profile: Profile | null): void {
    if (!profile) {
      this.element.replaceChildren(
        h(
          "p",
          { class: "hint" },
          "Tick “Profile” and run a program: this shows which ops took its time, on which device.",
        ),
      );
      return;
    }
    const total = profile.rows.reduce((sum, row) => sum + row[3], 0);
    const devices = new Map<string, number>();
    for (const [, device, , seconds] of profile.rows) devices.set(device, (devices.get(device) ?? 0) + seconds);
    const shares = [...devices].map(([device, seconds]) => `${device} ${time(seconds)}`).join(", ");
    this.element.replaceChildren(
      h(
        "p",
        {},
        `${profile.runs} ${profile.runs === 1 ? "run" : "runs"} of the session: ${shares || "nothing to compute"}`,
      ),
      h(
        "table",
        {},
        h("thead", {}, row("th", "Op", "Device", "Calls", "Time", "Share")),
        h(
          "tbody",
          {},
          ...profile.rows.map(([op, device, calls, seconds]) => this.#row(op, device, calls, seconds, total)),
        ),
      ),
    );
  }

  #row(op: string, device: string, calls: number, seconds: number, total: number): HTMLElement {
    const share = total > 0 ? seconds / total : 0;
    const meter = h("meter", { min: 0, max: 1, value: share.toFixed(4), "aria-label": `${op}: share of the time` });
    const line = row("td", op, device, String(calls), time(seconds));
    line.append(h("td", {}, meter, ` ${(100 * share).toFixed(1)} %`));
    return line;
  }
}

function row(cell: "th" | "td", ...texts: string[]): HTMLElement {
  return h("tr", {}, ...texts.map((text) => h(cell, cell === "th" ? { scope: "col" } : {}, text)));
}

const time = (seconds: number) => (seconds < 1 ? `${(1000 * seconds).toFixed(2)} ms` : `${seconds.toFixed(2)} s`);
