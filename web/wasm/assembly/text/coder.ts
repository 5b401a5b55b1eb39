// Arithmetic coding of bytes, in memory from a place on: a part of a range for each thing that may come.

export class Coder {
  static packing: bool = false;
  static at: usize = 0; // of the packed bytes, the next
}

let low: u64 = 0;
let range: u32 = 0;
let code: u32 = 0;
let held: u32 = 0;
let waiting: i32 = 0;
let begun: bool = false;

export function start(packing: bool, at: usize): void {
  Coder.packing = packing;
  Coder.at = at;
  low = waiting = held = code = 0;
  range = 0xffffffff;
  begun = false;
}

/** Reads what the first thing stands in. */
export function open(): void {
  for (let i = 0; i < 4; i++) code = (code << 8) | load<u8>(Coder.at++);
}

/** Writes what is left. */
export function close(): void {
  for (let i = 0; i < 5; i++) shift();
}

/** Where in `total` the thing lies that is packed next; when packing that is no matter. */
// @ts-ignore: decorator
@inline
export function place(total: u32): u32 {
  return Coder.packing ? 0 : code / (range / total);
}

/** Codes the thing that has `size` of `total`, from `start` on. */
// @ts-ignore: decorator
@inline
export function take(start: u32, size: u32, total: u32): void {
  const unit = range / total;
  range = size * unit;
  if (Coder.packing) low += u64(start) * unit;
  else code -= start * unit;
  while (range < 1 << 24) {
    range <<= 8;
    if (Coder.packing) shift();
    else code = (code << 8) | load<u8>(Coder.at++);
  }
}

function put(byte: u32): void {
  store<u8>(Coder.at++, byte);
}

function shift(): void {
  if (low < 0xff000000 || low > 0xffffffff) {
    const carry = u32(low >> 32);
    if (begun) put(held + carry);
    begun = true;
    for (; waiting > 0; waiting--) put(255 + carry);
    held = u32(low >> 24) & 255;
  } else {
    waiting++;
  }
  low = (low & 0xffffff) << 8;
}
