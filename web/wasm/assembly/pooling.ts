// The greatest of each window of images [n, height, width, channels], and where its gradient goes.

import { data, elements, isDenseFloat, isWriteable, rank, size } from "./arrays";
import { Windows } from "./windows";

/** out [n, down, across, channels]. Returns whether it could be done. */
export function maxPool(x: usize, out: usize, geometry: usize): bool {
  if (!isDenseFloat(x) || !isDenseFloat(out) || !isWriteable(out) || rank(x) != 4 || rank(out) != 4) return false;
  const w = changetype<Windows>(data(geometry));
  const images = size(x, 0), pixel = size(x, 3) << 2, line = w.width * pixel;
  const isSquare = isOfFour(w);
  let from = data(x), to = data(out);
  for (let image = 0; image < images; image++, from += w.height * line) {
    for (let row = 0; row < w.down; row++) {
      const top = row * w.strideDown - w.above;
      for (let column = 0; column < w.across; column++, to += pixel) {
        const left = column * w.strideAcross - w.left;
        let at = 0;
        if (isSquare && top >= 0 && left >= 0 && top + 1 < w.height && left + 1 < w.width) {
          const place = from + top * line + left * pixel;
          for (; at + 16 <= pixel; at += 16) {
            const above = place + at, below = above + line;
            const a = f32x4.max(v128.load(above), v128.load(above + pixel));
            const b = f32x4.max(v128.load(below), v128.load(below + pixel));
            v128.store(to + at, f32x4.max(a, b));
          }
        }
        for (; at + 16 <= pixel; at += 16) {
          let greatest = f32x4.splat(-Infinity);
          for (let i = 0, y = top; i < w.tall; i++, y += w.dilationDown) {
            if (<u32>y >= <u32>w.height) continue;
            for (let j = 0, x = left; j < w.wide; j++, x += w.dilationAcross) {
              if (<u32>x < <u32>w.width) greatest = f32x4.max(greatest, v128.load(from + y * line + x * pixel + at));
            }
          }
          v128.store(to + at, greatest);
        }
        for (; at < pixel; at += 4) {
          let greatest: f32 = -Infinity;
          for (let i = 0, y = top; i < w.tall; i++, y += w.dilationDown) {
            if (<u32>y >= <u32>w.height) continue;
            for (let j = 0, x = left; j < w.wide; j++, x += w.dilationAcross) {
              if (<u32>x < <u32>w.width) greatest = max(greatest, load<f32>(from + y * line + x * pixel + at));
            }
          }
          store<f32>(to + at, greatest);
        }
      }
    }
  }
  return true;
}

/** out as x: each window's gradient goes to the first element that is its greatest. Returns as `maxPool`. */
export function maxPoolToInput(x: usize, y: usize, dy: usize, out: usize, geometry: usize): bool {
  if (!isDenseFloat(x) || !isDenseFloat(y) || !isDenseFloat(dy) || !isDenseFloat(out)) return false;
  if (!isWriteable(out) || rank(x) != 4 || rank(y) != 4) return false;
  const w = changetype<Windows>(data(geometry));
  const images = size(x, 0), pixel = size(x, 3) << 2, line = w.width * pixel;
  if (isOfFour(w) && covers(w) && pixel % 16 == 0) {
    toFours(data(x), data(y), data(dy), data(out), images * w.down, w.across, line, pixel);
    return true;
  }
  memory.fill(data(out), 0, elements(out) << 2);
  let from = data(x), to = data(out), greatest = data(y), gradient = data(dy);
  for (let image = 0; image < images; image++, from += w.height * line, to += w.height * line) {
    for (let row = 0; row < w.down; row++) {
      const top = row * w.strideDown - w.above;
      for (let column = 0; column < w.across; column++, greatest += pixel, gradient += pixel) {
        const left = column * w.strideAcross - w.left;
        let at = 0;
        for (; at + 16 <= pixel; at += 16) {
          const highest = v128.load(greatest + at);
          let rest = v128.load(gradient + at);
          for (let i = 0, y = top; i < w.tall; i++, y += w.dilationDown) {
            if (<u32>y >= <u32>w.height) continue;
            for (let j = 0, x = left; j < w.wide; j++, x += w.dilationAcross) {
              if (<u32>x >= <u32>w.width) continue;
              const place = y * line + x * pixel + at;
              const same = f32x4.eq(v128.load(from + place), highest);
              const target = to + place;
              v128.store(target, f32x4.add(v128.load(target), v128.and(rest, same)));
              rest = v128.andnot(rest, same);
            }
          }
        }
        for (; at < pixel; at += 4) {
          const highest = load<f32>(greatest + at);
          let found = false;
          for (let i = 0, y = top; i < w.tall && !found; i++, y += w.dilationDown) {
            if (<u32>y >= <u32>w.height) continue;
            for (let j = 0, x = left; j < w.wide && !found; j++, x += w.dilationAcross) {
              if (<u32>x >= <u32>w.width) continue;
              const place = y * line + x * pixel + at;
              found = load<f32>(from + place) == highest;
              if (found) store<f32>(to + place, load<f32>(to + place) + load<f32>(gradient + at));
            }
          }
        }
      }
    }
  }
  return true;
}

/** The gradient where two rows of the image at a time are cut into windows of four. */
function toFours(
  x: usize, greatest: usize, gradient: usize, out: usize, rows: i32, across: i32, line: i32, pixel: i32,
): void {
  const below = <usize>line, right = <usize>pixel;
  for (let row = 0; row < rows; row++, x += line, out += line) {
    for (let column = 0; column < across; column++, x += pixel, out += pixel) {
      for (let at = 0; at < pixel; at += 16, x += 16, out += 16, greatest += 16, gradient += 16) {
        const highest = v128.load(greatest), given = v128.load(gradient);
        const a = f32x4.eq(v128.load(x), highest), b = f32x4.eq(v128.load(x + right), highest);
        const c = f32x4.eq(v128.load(x + below), highest), d = f32x4.eq(v128.load(x + below + right), highest);
        v128.store(out, v128.and(given, a));
        v128.store(out + right, v128.and(given, v128.andnot(b, a)));
        const found = v128.or(a, b);
        v128.store(out + below, v128.and(given, v128.andnot(c, found)));
        v128.store(out + below + right, v128.and(given, v128.andnot(d, v128.or(found, c))));
      }
    }
  }
}

/** Whether windows are of two by two elements side by side. */
function isOfFour(w: Windows): bool {
  return w.tall == 2 && w.wide == 2 && w.dilationDown == 1 && w.dilationAcross == 1;
}

/** Whether each element of an image is in one window. */
function covers(w: Windows): bool {
  if (w.above != 0 || w.left != 0 || w.strideDown != w.tall || w.strideAcross != w.wide) return false;
  return w.down * w.tall == w.height && w.across * w.wide == w.width;
}
