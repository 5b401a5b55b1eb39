// The site's text: PyFlow's modules, the examples, and what the page shows of them, in one file that a worker unpacks
// while Python starts. The second of its parts comes when Python is long at work: it lies in memory that both see.
import { ownScript } from "../trusted";
import type { Library, Sources } from "./messages";
import workerUrl from "./text.worker?worker&url";
import type { Unpacked } from "./text-parts";

export class SiteText {
  readonly sources: Promise<Sources>;
  readonly library: Promise<Library>;

  constructor() {
    const worker = new Worker(ownScript(workerUrl), { type: "module", name: "text" });
    const answers = new EventTarget();
    const answer = <T>(pick: (unpacked: Unpacked) => T | undefined) =>
      new Promise<T>((resolve, reject) => {
        answers.addEventListener("answer", (event) => {
          const unpacked = (event as CustomEvent<Unpacked>).detail;
          const picked = pick(unpacked);
          if (picked !== undefined) resolve(picked);
          else if ("failure" in unpacked) reject(new Error(unpacked.failure));
        });
      });
    this.sources = answer((unpacked) => ("sources" in unpacked ? unpacked.sources : undefined));
    this.library = answer((unpacked) => ("library" in unpacked ? unpacked.library : undefined));
    this.library.catch(() => {}); // who starts Python says it
    const say = (detail: Unpacked) => {
      answers.dispatchEvent(new CustomEvent("answer", { detail }));
      if (!("sources" in detail)) worker.terminate();
    };
    worker.onmessage = ({ data }: MessageEvent<Unpacked>) => say(data);
    worker.onerror = (event) => say({ failure: event.message || "The worker could not be started" });
    worker.postMessage(new URL("./", location.href).href);
  }
}
