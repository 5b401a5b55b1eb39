// A field to draw a digit in, and the 28 × 28 pixels that MNIST would have made of it.
import { h } from "../dom";

const SIDE = 280;
const SIZE = 28;
const INNER = 20; // MNIST's digits fill 20 × 20 pixels, their centre of mass in the middle of the image

export class DigitField {
  readonly element: HTMLElement;
  readonly #canvas = h("canvas", {
    width: SIDE,
    height: SIDE,
    class: "digit",
    role: "img",
    "aria-label": "Field to draw a digit in",
  });
  readonly #context = this.#canvas.getContext("2d", { willReadFrequently: true }) as CanvasRenderingContext2D;
  #last: { x: number; y: number } | null = null;

  constructor(private readonly drawn: (pixels: number[]) => void) {
    this.#canvas.addEventListener("pointerdown", (event) => {
      this.#canvas.setPointerCapture(event.pointerId);
      this.#last = this.#at(event);
      this.#stroke(event);
    });
    this.#canvas.addEventListener("pointermove", (event) => this.#last && this.#stroke(event));
    for (const name of ["pointerup", "pointercancel"]) {
      this.#canvas.addEventListener(name, () => {
        this.#last = null;
      });
    }
    this.element = h("div", {}, this.#canvas, h("button", { onclick: () => this.clear() }, "Clear"));
    this.clear();
  }

  clear(): void {
    this.#context.fillStyle = "#000";
    this.#context.fillRect(0, 0, SIDE, SIDE);
  }

  /** Draws a polyline, its points given from 0 to 1. */
  write(points: [number, number][]): void {
    this.clear();
    points.forEach(([x, y], i) => {
      const [x0, y0] = points[Math.max(i - 1, 0)] ?? [x, y];
      this.#line({ x: x0 * SIDE, y: y0 * SIDE }, { x: x * SIDE, y: y * SIDE });
    });
    this.drawn(this.pixels());
  }

  #at(event: PointerEvent): { x: number; y: number } {
    const { left, top, width, height } = this.#canvas.getBoundingClientRect();
    return { x: ((event.clientX - left) / width) * SIDE, y: ((event.clientY - top) / height) * SIDE };
  }

  #stroke(event: PointerEvent): void {
    const to = this.#at(event);
    this.#line(this.#last ?? to, to);
    this.#last = to;
    this.drawn(this.pixels());
  }

  #line(from: { x: number; y: number }, to: { x: number; y: number }): void {
    Object.assign(this.#context, { strokeStyle: "#fff", lineWidth: 22, lineCap: "round", lineJoin: "round" });
    this.#context.beginPath();
    this.#context.moveTo(from.x, from.y);
    this.#context.lineTo(to.x + 0.01, to.y);
    this.#context.stroke();
  }

  /** The image as MNIST's were made: scaled to fill the inner square, then moved by its centre of mass. */
  pixels(): number[] {
    const drawn = brightness(this.#context, SIDE);
    let [left, right, top, bottom, mass, sumX, sumY] = [SIDE, -1, SIDE, -1, 0, 0, 0];
    drawn.forEach((value, i) => {
      if (value < 0.05) return;
      const [x, y] = [i % SIDE, Math.floor(i / SIDE)];
      [left, right, top, bottom] = [Math.min(left, x), Math.max(right, x), Math.min(top, y), Math.max(bottom, y)];
      [mass, sumX, sumY] = [mass + value, sumX + value * x, sumY + value * y];
    });
    if (mass === 0) return new Array(SIZE * SIZE).fill(0);
    const scale = INNER / Math.max(right - left + 1, bottom - top + 1);
    const small = h("canvas", { width: SIZE, height: SIZE }).getContext("2d") as CanvasRenderingContext2D;
    small.imageSmoothingQuality = "high";
    const offset = (centre: number) => SIZE / 2 - (centre / mass) * scale;
    small.drawImage(this.#canvas, offset(sumX), offset(sumY), SIDE * scale, SIDE * scale);
    return brightness(small, SIZE);
  }
}

function brightness(context: CanvasRenderingContext2D, side: number): number[] {
  const { data } = context.getImageData(0, 0, side, side);
  return Array.from({ length: side * side }, (_, i) => (data[4 * i] ?? 0) / 255);
}
