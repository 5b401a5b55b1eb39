// Packs text smaller than zstd and xz do: prediction by partial matching, as D. Shkarin describes it in "PPM: one step
// to practicality" (2002), with the starting probabilities of his PPMd. The build of the site packs, a tab unpacks; both
// do the same to the same model: a tree of contexts, the strings of up to ORDER bytes that were seen, each with the bytes
// that followed.

import { Coder, close, open, place, start, take } from "./coder";
import { ALONE, add, addToSum, allot, beginAt, frequency, LIST, moveUp, SHORTER, SUCCESSOR, SUM, symbol } from "./followers";
import { halve, learn, MOST, Model, follow } from "./learning";

const ORDER: i32 = 24;
const PERIOD: i32 = 7; // what is new counts 1 / 128
const SCALE: i32 = 14; // bits of the probability of a follower that is alone

// Tables, from the start of memory on; PLACES and FREE, of the modules beside, lie between the first two.
const MASKED: usize = 8192; // u8 by byte: whether a longer context has it
const BINARY: usize = 12288; // u16: probabilities of followers that are alone
const ESCAPES: usize = 28672; // of escapes: u16 sum, u8 shift, u8 count
const KINDS: usize = 32768; // u8 by a number of followers
const TABLES_END: usize = 33280;

let end: usize = 0;
let run: i32 = 0;
let success: i32 = 0;
let high: i32 = 0;
let mask: u8 = 0;

/** Lays out memory for a text and what it is packed to, and makes a new model; fill in one of them then. */
export function begin(isPacking: bool, length: i32, packedLength: i32): void {
  Model.text = Model.at = TABLES_END;
  end = Model.text + usize(length);
  start(isPacking, packedAt());
  beginAt((packedAt() + usize(packedLength) + 15) & ~15);
  memory.fill(MASKED, 0, TABLES_END - MASKED);
  for (let frequencies = 0; frequencies < 128; frequencies++) {
    for (let i = 0; i < 64; i++) {
      const likely: i32 = (1 << SCALE) - unchecked(LEAST[i & 7]) / (frequencies + 2);
      store<u16>(BINARY + (usize((frequencies << 6) + i) << 1), u16(likely));
    }
  }
  let width = 1;
  for (let i = 0, kind = 0; i < 256; i++) {
    store<u8>(KINDS + i, kind);
    if (--width === 0) width = ++kind < 4 ? 1 : kind - 2;
  }
  for (let i = 0; i < 32 * 16; i++) {
    const entry = ESCAPES + (usize(i) << 2);
    store<u16>(entry, (5 * (i >> 4) + 10) << (PERIOD - 4));
    store<u8>(entry + 2, PERIOD - 4);
    store<u8>(entry + 3, 4);
  }
  const root = allot(16);
  const list = allot(256 << 3);
  store<i32>(root, 256);
  store<i32>(root, 257, SUM);
  store<usize>(root, list, LIST);
  store<usize>(root, 0, SHORTER);
  for (let byte = 0; byte < 256; byte++) store<u64>(list + (byte << 3), byte | 256);
  Model.context = Model.longest = root;
  Model.fall = ORDER;
  run = -13;
  success = high = Model.escape = 0;
  mask = 0;
}

const LEAST: StaticArray<i32> = [0x3cdd, 0x1f3f, 0x59bf, 0x48f3, 0x64a1, 0x5abc, 0x6632, 0x6051];
const AFTER: StaticArray<i32> = [25, 14, 9, 7, 5, 5, 4, 4, 4, 3, 3, 3, 2, 2, 2, 2];

/** Where the text lies, and where what it is packed to. */
export function textAt(): usize {
  return Model.text;
}
export function packedAt(): usize {
  return (end + 15) & ~15;
}

/** Packs the whole text; returns the length. */
export function pack(): i32 {
  while (Model.at < end) next(load<u8>(Model.at));
  close();
  return i32(Coder.at - packedAt());
}

/** Unpacks that many bytes more. */
export function unpack(count: i32): void {
  if (Model.at === Model.text) open();
  const to = min(Model.at + usize(count), end);
  while (Model.at < to) next(-1);
}

/** Codes one byte: the one given, or the one that is there. */
function next(given: i32): void {
  let own = Model.context;
  let count = load<i32>(own);
  high = Model.at > Model.text && load<u8>(Model.at - 1) >= 64 ? 8 : 0;
  if (count === 1) {
    if (isTheOne(own, given)) return;
  } else {
    const list = load<usize>(own, LIST);
    const total = load<i32>(own, SUM);
    const follower = search(own, given, total);
    if (follower !== 0) {
      const size = frequency(follower);
      success = follower === list && 2 * size > total ? 1 : 0;
      run += success;
      Model.found = follower;
      add(follower, 4);
      addToSum(own, 4);
      if (follower !== list && frequency(follower) > frequency(follower - 8)) Model.found = moveUp(follower);
      if (frequency(Model.found) > MOST) halve(own);
      follow();
      return;
    }
    success = 0;
    nextMask();
    cover(list, count);
  }
  for (;;) {
    const masked = count;
    do {
      Model.fall++;
      own = load<usize>(own, SHORTER);
      count = load<i32>(own);
    } while (count === masked);
    const entry = escapeEntry(own, count, masked);
    const missing = entry === 0 ? 1 : expected(entry);
    const list = load<usize>(own, LIST);
    const stop = list + (usize(count) << 3);
    let unseen: i32 = 0;
    for (let p = list; p < stop; p += 8) if (load<u8>(MASKED + symbol(p)) !== mask) unseen += frequency(p);
    const total = unseen + missing;
    const target = place(total);
    let before: i32 = 0;
    let p = list;
    for (; p < stop; p += 8) {
      const byte = symbol(p);
      if (load<u8>(MASKED + byte) === mask) continue;
      const size = frequency(p);
      if (Coder.packing ? byte === given : target < u32(before + size)) break;
      before += size;
    }
    if (p === stop) {
      take(unseen, missing, total);
      if (entry !== 0) store<u16>(entry, u16(i32(load<u16>(entry)) + total));
      cover(list, count);
      continue;
    }
    take(before, frequency(p), total);
    if (entry !== 0 && i32(load<u8>(entry + 2)) < PERIOD) {
      store<u8>(entry + 3, load<u8>(entry + 3) - 1);
      if (load<u8>(entry + 3) === 0) {
        const speed = i32(load<u8>(entry + 2));
        store<u16>(entry, u16(i32(load<u16>(entry)) << 1));
        const patience: i32 = 3 << speed;
        store<u8>(entry + 3, u8(patience));
        store<u8>(entry + 2, u8(speed + 1));
      }
    }
    Model.found = p;
    Model.context = own;
    add(p, 4);
    addToSum(own, 4);
    if (frequency(p) > MOST) halve(own);
    run = -13;
    learn();
    return;
  }
}

/** Codes whether the follower that is alone comes. */
function isTheOne(own: usize, given: i32): bool {
  const follower = own + ALONE;
  const byte = symbol(follower);
  const size = frequency(follower);
  const others = load<i32>(load<usize>(own, SHORTER));
  const few = others < 2 ? 0 : others < 3 ? 2 : others < 12 ? 4 : 6;
  const index = ((size - 1) << 6) + success + few + high + (byte >= 64 ? 16 : 0) + ((run >> 26) & 32);
  const entry = BINARY + (usize(index) << 1);
  const likely: u32 = load<u16>(entry);
  const change = (likely + 32) >> PERIOD;
  if (Coder.packing ? byte === given : place(1 << SCALE) < likely) {
    take(0, likely, 1 << SCALE);
    store<u16>(entry, u16(likely + (1 << PERIOD) - change));
    if (size < 128) add(follower, 1);
    success = 1;
    run++;
    Model.found = follower;
    follow();
    return true;
  }
  take(likely, (1 << SCALE) - likely, 1 << SCALE);
  store<u16>(entry, u16(likely - change));
  Model.escape = unchecked(AFTER[(likely - change) >> 10]);
  nextMask();
  store<u8>(MASKED + byte, mask);
  success = 0;
  return false;
}

/** Codes which of a context's followers comes; 0 for none of them. */
function search(own: usize, given: i32, total: i32): usize {
  const target = place(total);
  let follower = load<usize>(own, LIST);
  const stop = follower + (usize(load<i32>(own)) << 3);
  let before: i32 = 0;
  for (; follower < stop; follower += 8) {
    const size = frequency(follower);
    if (Coder.packing ? symbol(follower) === given : target < u32(before + size)) {
      take(before, size, total);
      return follower;
    }
    before += size;
  }
  take(before, total - before, total);
  return 0;
}

/** What is known of escapes from such contexts; 0 for the root, from which there is none. */
function escapeEntry(own: usize, count: i32, masked: i32): usize {
  if (count === 256) return 0;
  const open = count - masked;
  const more = load<i32>(load<usize>(own, SHORTER)) - count;
  const index =
    (i32(load<u8>(KINDS + open + 1)) << 4) +
    i32(open < more) +
    (load<i32>(own, SUM) < 11 * count ? 2 : 0) +
    (masked > open ? 4 : 0) +
    high;
  return ESCAPES + (usize(index) << 2);
}

/** Takes what is expected of escapes off their sum. */
function expected(entry: usize): i32 {
  const sum = i32(load<u16>(entry));
  const part = sum >> i32(load<u8>(entry + 2));
  store<u16>(entry, u16(sum - part));
  return max(part, 1);
}

function nextMask(): void {
  if (++mask === 0) {
    memory.fill(MASKED, 0, 256);
    mask = 1;
  }
}

function cover(list: usize, count: i32): void {
  const stop = list + (usize(count) << 3);
  for (; list < stop; list += 8) store<u8>(MASKED + symbol(list), mask);
}
