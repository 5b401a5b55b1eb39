// Convolutions of images [n, height, width, channels], each a product whose one factor are the windows.
//
// That factor is never laid out: a table has each window's address in the image, and product.ts packs a few windows at
// a time. What has padding is first copied with it, some images or rows of one at a time.

import { data, isDense, isDouble, isFloat, isWriteable, rank, size } from "./arrays";
import { rowsTimes, rowsTransposedTimes } from "./product";
import { addPiece, noPieces, PIECES, ROWS, rows as table, segments, setRow } from "./tables";
import { Windows } from "./windows";

/** Bytes of padded image that are to be there at once, and that may be. */
const USUAL: i32 = 1 << 18;
const MOST: i32 = 1 << 21;

let padded: usize = 0;

/** Takes the memory that it needs; returns where it ends. */
export function placeConvolutions(memory: usize): usize {
  padded = memory;
  return padded + MOST;
}

/** out [n, down, across, out] = windows of x * filter [tall, wide, in, out]. Returns whether it could be done. */
export function convolve(x: usize, filter: usize, out: usize, windows: usize): bool {
  return convolution(x, filter, out, windows, false);
}

/** out [tall, wide, in, out], the gradient to the filter; dy is [n, down, across, out]. Returns as `convolve`. */
export function convolveToFilter(x: usize, dy: usize, out: usize, windows: usize): bool {
  return convolution(x, out, dy, windows, true);
}

function convolution(x: usize, filter: usize, y: usize, geometry: usize, toFilter: bool): bool {
  if (!isDense(x) || !isDense(filter) || !isDense(y) || !isWriteable(toFilter ? filter : y)) return false;
  if (rank(x) != 4 || rank(filter) != 4 || rank(y) != 4) return false;
  const windows = changetype<Windows>(data(geometry));
  if (isFloat(x) && isFloat(filter) && isFloat(y)) return inBlocks<f32>(x, filter, y, windows, toFilter);
  if (isDouble(x) && isDouble(filter) && isDouble(y)) return inBlocks<f64>(x, filter, y, windows, toFilter);
  return false;
}

function inBlocks<T>(x: usize, filter: usize, y: usize, w: Windows, toFilter: bool): bool {
  const images = size(x, 0), depth = size(x, 3), columns = size(y, 3);
  if (images == 0 || depth == 0 || columns == 0 || w.down == 0 || w.across == 0) return false;
  const inner = depth * <i32>sizeof<T>();
  // What windows see: so many rows and columns, from the corner of the padding.
  const high = (w.tall - 1) * w.dilationDown + 1;
  const seenRows = (w.down - 1) * w.strideDown + high;
  const seenColumns = (w.across - 1) * w.strideAcross + (w.wide - 1) * w.dilationAcross + 1;
  const copies = w.above > 0 || w.left > 0 || seenRows > w.height || seenColumns > w.width;
  const line = (copies ? seenColumns : w.width) * inner;
  // A block is some images, or some rows of windows of one image.
  let count = 1, band = w.down;
  if (w.across > ROWS) return false;
  band = min(band, ROWS / w.across);
  if (copies) {
    if (high * line > MOST) return false;
    band = min(band, max((USUAL / line - high) / w.strideDown + 1, 1));
  }
  if (band == w.down) {
    count = min(images, ROWS / (w.down * w.across));
    if (copies) count = min(count, max(USUAL / (seenRows * line), 1));
  }
  const pieces = piecesOfWindow<T>(w, line, inner, depth);
  if (pieces > PIECES) return false;
  const image = w.height * w.width * inner, result = columns * <i32>sizeof<T>();
  let to = data(y);
  let beta: T = 0;
  for (let first = 0; first < images; first += count) {
    const block = min(count, images - first);
    for (let top = 0; top < w.down; top += band) {
      const some = min(band, w.down - top);
      let from = data(x) + first * image, next = image;
      if (copies) {
        next = ((some - 1) * w.strideDown + high) * line;
        const start = top * w.strideDown - w.above, lines = next / line;
        for (let i = 0; i < block; i++) {
          copyPadded(padded + i * next, from + i * image, w, start, lines, seenColumns, inner);
        }
        from = padded;
      } else {
        from += top * w.strideDown * line;
      }
      let rows = 0;
      for (let i = 0; i < block; i++) {
        for (let row = 0; row < some; row++) {
          let at = from + i * next + row * w.strideDown * line;
          for (let column = 0; column < w.across; column++, at += w.strideAcross * inner) setRow(rows++, at);
        }
      }
      const one = <i32>sizeof<T>();
      if (toFilter) {
        rowsTransposedTimes<T>(table, rows, segments, pieces, columns, to, result, one, data(filter), result, 1, beta);
        beta = 1;
      } else {
        rowsTimes<T>(table, rows, segments, pieces, columns, data(filter), result, one, to, result, 1, 0);
      }
      to += rows * result;
    }
  }
  return true;
}

function piecesOfWindow<T>(w: Windows, line: i32, inner: i32, depth: i32): i32 {
  let pieces = 0;
  noPieces();
  for (let row = 0; row < w.tall; row++) {
    const offset = row * w.dilationDown * line;
    if (w.dilationAcross == 1) {
      pieces = addPiece<T>(offset, w.wide * depth);
    } else {
      for (let column = 0; column < w.wide; column++) {
        pieces = addPiece<T>(offset + column * w.dilationAcross * inner, depth);
      }
    }
  }
  return pieces;
}

/** Copies rows of an image from `top` on, which may lie above it, with columns of zeros at the sides. */
function copyPadded(to: usize, image: usize, w: Windows, top: i32, rows: i32, columns: i32, inner: i32): void {
  const left = w.left * inner, line = columns * inner;
  const bytes = min(w.width, columns - w.left) * inner;
  for (let row = top; row < top + rows; row++, to += line) {
    if (row < 0 || row >= w.height || bytes <= 0) {
      memory.fill(to, 0, line);
      continue;
    }
    memory.fill(to, 0, left);
    memory.copy(to + left, image + row * w.width * inner, bytes);
    memory.fill(to + left + bytes, 0, line - left - bytes);
  }
}
