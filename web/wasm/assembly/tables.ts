// The tables that tell product.ts where rows lie, in memory that matrices and convolutions use in turn.

import { evenPart } from "./product";

/** Rows that are done at once, and pieces that a row may consist of. */
export const ROWS: i32 = 4096;
export const PIECES: i32 = 4096;

export let rows: usize = 0;
export let segments: usize = 0;
let pieces: i32 = 0;

/** Takes the memory that it needs; returns where it ends. */
export function placeTables(memory: usize): usize {
  rows = memory;
  segments = rows + (ROWS << 2);
  return segments + (PIECES << 3);
}

// @ts-ignore: decorator
@inline
export function setRow(index: i32, address: usize): void {
  store<usize>(rows + (index << 2), address);
}

export function noPieces(): void {
  pieces = 0;
}

/** Adds `count` numbers on end to the pieces. Returns how many there are now; PIECES + 1 if they are too many. */
export function addPiece<T>(offset: usize, count: i32): i32 {
  while (count > 0 && pieces <= PIECES) {
    if (pieces == PIECES) return ++pieces;
    const some = evenPart(count);
    store<usize>(segments + (pieces << 3), offset);
    store<i32>(segments + (pieces++ << 3), some, 4);
    offset += some * sizeof<T>();
    count -= some;
  }
  return pieces;
}
