// Packs text smaller than zstd and xz do: prediction by partial matching, as D. Shkarin describes it in "PPM: one step
// to practicality" (2002). The build of the site packs, a tab unpacks; both do the same to the same model.
//
// The model is a tree of contexts: the strings of up to ORDER bytes that were seen, each with the bytes that followed.
// A context has 16 bytes: the number of followers, the sum of their frequencies, the address of the list of them, and
// that of the context which is one byte shorter. A follower has 8: the byte with its frequency above, and a successor,
// which is the context that follows then, or, while that was seen once, minus the place in the text. A follower that is
// alone lies in the context itself, in place of sum and list.

const ORDER: i32 = 24;
const MOST: i32 = 124; // as large as frequencies become
const PERIOD: i32 = 7; // what is new counts 1 / 128
const SCALE: i32 = 14; // bits of the probability of a follower that is alone
const ROOM: usize = 1 << 22; // what memory grows by

const FOLLOWERS: usize = 0;
const SUM: usize = 4;
const LIST: usize = 8;
const SHORTER: usize = 12;
const ALONE: usize = 4;
const SUCCESSOR: usize = 4;

// Tables, from the start of memory on.
const MASKED: usize = 8192; // u8 by byte: whether a longer context has it
const PLACES: usize = 8448; // of the followers that get a context
const FREE: usize = 8704; // lists by their capacity
const BINARY: usize = 12288; // u16: probabilities of followers that are alone
const ESCAPES: usize = 28672; // of escapes: u16 sum, u8 shift, u8 count
const KINDS: usize = 32768; // u8 by a number of followers
const TABLES_END: usize = 33280;

let text: usize = 0;
let end: usize = 0;
let at: usize = 0; // the place in the text, from 1 on
let coded: usize = 0; // of the packed bytes, the next
let heap: usize = 0;
let packing: bool = false;

let context: usize = 0;
let longest: usize = 0;
let found: usize = 0;
let fall: i32 = 0;
let run: i32 = 0;
let success: i32 = 0;
let high: i32 = 0;
let escape: i32 = 0;
let mask: u8 = 0;

// ---------------------------------------------------------------- arithmetic coding

let low: u64 = 0;
let range: u32 = 0;
let code: u32 = 0;
let held: u32 = 0;
let waiting: i32 = 0;
let begun: bool = false;

// @ts-ignore: decorator
@inline
function place(total: u32): u32 {
  return packing ? 0 : code / (range / total);
}

// @ts-ignore: decorator
@inline
function take(start: u32, size: u32, total: u32): void {
  const unit = range / total;
  range = size * unit;
  if (packing) low += u64(start) * unit;
  else code -= start * unit;
  while (range < 1 << 24) {
    range <<= 8;
    if (packing) shift();
    else code = (code << 8) | load<u8>(coded++);
  }
}

function put(byte: u32): void {
  store<u8>(coded++, byte);
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

// ---------------------------------------------------------------- memory

function allot(size: usize): usize {
  const address = heap;
  heap += size;
  if (heap > usize(memory.size()) << 16) memory.grow(i32(ROOM >> 16));
  return address;
}

// @ts-ignore: decorator
@inline
function capacity(count: i32): i32 {
  if (count <= 2) return 2;
  if (count <= 8) return (count + 1) & ~1;
  if (count <= 16) return (count + 3) & ~3;
  return count <= 64 ? (count + 7) & ~7 : (count + 31) & ~31;
}

function newList(count: i32): usize {
  const room = capacity(count);
  const free = FREE + (usize(room) << 2);
  const address = load<usize>(free);
  if (address === 0) return allot(usize(room) << 3);
  store<usize>(free, load<usize>(address));
  return address;
}

function freeList(address: usize, count: i32): void {
  const free = FREE + (usize(capacity(count)) << 2);
  store<usize>(address, load<usize>(free));
  store<usize>(free, address);
}

// @ts-ignore: decorator
@inline
function symbol(follower: usize): i32 {
  return load<u8>(follower);
}

// @ts-ignore: decorator
@inline
function frequency(follower: usize): i32 {
  return load<i32>(follower) >>> 8;
}

// @ts-ignore: decorator
@inline
function add(follower: usize, more: i32): void {
  store<i32>(follower, load<i32>(follower) + (more << 8));
}

// @ts-ignore: decorator
@inline
function addToSum(owner: usize, more: i32): void {
  store<i32>(owner, load<i32>(owner, SUM) + more, SUM);
}

/** Puts a follower in front of the one before it; returns where it is then. */
function moveUp(follower: usize): usize {
  const own = load<u64>(follower);
  store<u64>(follower, load<u64>(follower - 8));
  store<u64>(follower - 8, own);
  return follower - 8;
}

function find(owner: usize, byte: i32): usize {
  let follower = load<usize>(owner, LIST);
  while (symbol(follower) !== byte) follower += 8;
  return follower;
}

// ---------------------------------------------------------------- the model

/** Lays out memory for a text and what it is packed to, and makes a new model; fill in one of them then. */
export function begin(isPacking: bool, length: i32, packedLength: i32): void {
  packing = isPacking;
  text = TABLES_END;
  end = text + usize(length);
  coded = (end + 15) & ~15;
  heap = (coded + usize(packedLength) + 15) & ~15;
  const missing = i32((heap + ROOM) >> 16) + 1 - memory.size();
  if (missing > 0) memory.grow(missing);
  memory.fill(MASKED, 0, TABLES_END - MASKED);
  at = text;
  low = waiting = held = code = 0;
  range = 0xffffffff;
  begun = false;
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
  store<i32>(root, 256, FOLLOWERS);
  store<i32>(root, 257, SUM);
  store<usize>(root, list, LIST);
  store<usize>(root, 0, SHORTER);
  for (let byte = 0; byte < 256; byte++) store<u64>(list + (byte << 3), byte | 256);
  context = longest = root;
  fall = ORDER;
  run = -13;
  success = high = escape = 0;
  mask = 0;
}

const LEAST: StaticArray<i32> = [0x3cdd, 0x1f3f, 0x59bf, 0x48f3, 0x64a1, 0x5abc, 0x6632, 0x6051];
const AFTER: StaticArray<i32> = [25, 14, 9, 7, 5, 5, 4, 4, 4, 3, 3, 3, 2, 2, 2, 2];

/** Where the text lies, and where what it is packed to. */
export function textAt(): usize {
  return text;
}
export function packedAt(): usize {
  return (end + 15) & ~15;
}

/** Packs the whole text; returns the length. */
export function pack(): i32 {
  while (at < end) next(load<u8>(at));
  for (let i = 0; i < 5; i++) shift();
  return i32(coded - packedAt());
}

/** Unpacks that many bytes more. */
export function unpack(count: i32): void {
  if (at === text) for (let i = 0; i < 4; i++) code = (code << 8) | load<u8>(coded++);
  const to = min(at + usize(count), end);
  while (at < to) next(-1);
}

/** Codes one byte: the one given, or the one that is there. */
function next(given: i32): void {
  let own = context;
  let count = load<i32>(own);
  high = at > text && load<u8>(at - 1) >= 64 ? 8 : 0;
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
      found = follower;
      add(follower, 4);
      addToSum(own, 4);
      if (follower !== list && frequency(follower) > frequency(follower - 8)) found = moveUp(follower);
      if (frequency(found) > MOST) halve(own);
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
      fall++;
      own = load<usize>(own, SHORTER);
      count = load<i32>(own);
    } while (count === masked);
    const entry = escapeEntry(own, count, masked);
    const missing = entry === 0 ? 1 : expected(entry);
    const list = load<usize>(own, LIST);
    const stop = list + (usize(count) << 3);
    let open: i32 = 0;
    for (let p = list; p < stop; p += 8) if (load<u8>(MASKED + symbol(p)) !== mask) open += frequency(p);
    const total = open + missing;
    const target = place(total);
    let start: i32 = 0;
    let p = list;
    for (; p < stop; p += 8) {
      const byte = symbol(p);
      if (load<u8>(MASKED + byte) === mask) continue;
      const size = frequency(p);
      if (packing ? byte === given : target < u32(start + size)) break;
      start += size;
    }
    if (p === stop) {
      take(open, missing, total);
      if (entry !== 0) store<u16>(entry, u16(i32(load<u16>(entry)) + total));
      cover(list, count);
      continue;
    }
    take(start, frequency(p), total);
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
    found = p;
    context = own;
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
  if (packing ? byte === given : place(1 << SCALE) < likely) {
    take(0, likely, 1 << SCALE);
    store<u16>(entry, u16(likely + (1 << PERIOD) - change));
    if (size < 128) add(follower, 1);
    success = 1;
    run++;
    found = follower;
    follow();
    return true;
  }
  take(likely, (1 << SCALE) - likely, 1 << SCALE);
  store<u16>(entry, u16(likely - change));
  escape = unchecked(AFTER[(likely - change) >> 10]);
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
  let start: i32 = 0;
  for (; follower < stop; follower += 8) {
    const size = frequency(follower);
    if (packing ? symbol(follower) === given : target < u32(start + size)) {
      take(start, size, total);
      return follower;
    }
    start += size;
  }
  take(start, total - start, total);
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

/** Goes on to the context that follows, or learns where there is none. */
function follow(): void {
  const successor = load<i32>(found, SUCCESSOR);
  if (fall !== 0 || successor <= 0) {
    learn();
    return;
  }
  store<u8>(at++, symbol(found));
  longest = context = successor;
}

/** Halves the frequencies of a context's followers, and leaves those out that came once. */
function halve(own: usize): void {
  const count = load<i32>(own);
  let list = load<usize>(own, LIST);
  while (found > list) found = moveUp(found);
  let escapes = load<i32>(own, SUM) - frequency(list);
  const more = fall !== 0 ? 1 : 0;
  add(list, 4);
  let sum: i32 = 0;
  for (let i = 0; i < count; i++) {
    let p = list + (i << 3);
    const size = frequency(p);
    if (i > 0) escapes -= size;
    const half = (size + more) >> 1;
    store<i32>(p, symbol(p) | (half << 8));
    sum += half;
    while (p > list && half > frequency(p - 8)) p = moveUp(p);
  }
  let left = count;
  while (left > 1 && frequency(list + ((left - 1) << 3)) === 0) {
    left--;
    escapes++;
  }
  if (left === 1) {
    let size = frequency(list);
    for (let i = escapes; ; ) {
      size -= size >> 1;
      i >>= 1;
      if (i <= 1) break;
    }
    const byte = symbol(list);
    const successor = load<i32>(list, SUCCESSOR);
    freeList(list, count);
    store<i32>(own, 1);
    store<i32>(own + ALONE, byte | (size << 8));
    store<i32>(own + ALONE, successor, SUCCESSOR);
    found = own + ALONE;
    return;
  }
  if (capacity(left) !== capacity(count)) {
    const shorter = newList(left);
    memory.copy(shorter, list, usize(left) << 3);
    freeList(list, count);
    store<usize>(own, shorter, LIST);
    list = shorter;
  }
  store<i32>(own, left);
  store<i32>(own, sum + escapes - (escapes >> 1), SUM);
  found = list;
}

/** Adds what was found to the contexts that lacked it. */
function learn(): void {
  const own = context;
  const follower = found;
  const byte = symbol(follower);
  const size = frequency(follower);
  let successor = load<i32>(follower, SUCCESSOR);
  let known: usize = 0;
  store<u8>(at++, byte);
  const shorter = load<usize>(own, SHORTER);
  if (size < MOST / 4 && shorter !== 0) known = strengthen(shorter, byte);
  if (fall === 0) {
    longest = context = newContexts(true, known);
    store<usize>(follower, context, SUCCESSOR);
    return;
  }
  let then = i32(text) - 1 - i32(at);
  if (successor === 0) {
    store<i32>(follower, then, SUCCESSOR);
    successor = i32(own);
  } else {
    if (successor < 0) successor = i32(newContexts(false, known));
    if (--fall === 0) then = successor;
  }
  const count = load<i32>(own);
  const rest = count === 1 ? 0 : load<i32>(own, SUM) - count - (size - 1);
  for (let c = longest; c !== own; c = load<usize>(c, SHORTER)) append(c, byte, size, then, count, rest);
  longest = context = successor;
}

/** Counts a byte in a context that has it; returns the follower. */
function strengthen(owner: usize, byte: i32): usize {
  if (load<i32>(owner) === 1) {
    if (frequency(owner + ALONE) < 32) add(owner + ALONE, 1);
    return owner + ALONE;
  }
  let follower = find(owner, byte);
  if (follower !== load<usize>(owner, LIST) && frequency(follower) >= frequency(follower - 8)) follower = moveUp(follower);
  if (frequency(follower) < MOST - 9) {
    add(follower, 2);
    addToSum(owner, 2);
  }
  return follower;
}

/** Adds a follower, as frequent as what a shorter context knows of it lets expect. */
function append(to: usize, byte: i32, size: i32, successor: i32, others: i32, rest: i32): void {
  const count = load<i32>(to);
  let list: usize;
  if (count === 1) {
    list = newList(2);
    const alone = frequency(to + ALONE);
    const raised = alone < MOST / 4 - 1 ? alone * 2 : MOST - 4;
    store<i32>(list, symbol(to + ALONE) | (raised << 8));
    store<i32>(list, load<i32>(to + ALONE, SUCCESSOR), SUCCESSOR);
    store<i32>(to, raised + escape + (others > 3 ? 1 : 0), SUM);
    store<usize>(to, list, LIST);
  } else {
    list = load<usize>(to, LIST);
    if (capacity(count) !== capacity(count + 1)) {
      const longer = newList(count + 1);
      memory.copy(longer, list, usize(count) << 3);
      freeList(list, count);
      store<usize>(to, (list = longer), LIST);
    }
    if (2 * count < others) addToSum(to, 1);
    if (4 * count <= others && load<i32>(to, SUM) <= 8 * count) addToSum(to, 2);
  }
  const sum = load<i32>(to, SUM);
  const likely = 2 * size * (sum + 6);
  const all = rest + sum;
  let own: i32;
  if (likely < 6 * all) {
    own = 1 + i32(likely > all) + i32(likely >= 4 * all);
    addToSum(to, 3);
  } else {
    own = 4 + i32(likely >= 9 * all) + i32(likely >= 12 * all) + i32(likely >= 15 * all);
    addToSum(to, own);
  }
  const follower = list + (usize(count) << 3);
  store<i32>(follower, byte | (own << 8));
  store<i32>(follower, successor, SUCCESSOR);
  store<i32>(to, count + 1);
}

/** Gives the followers of a chain of contexts, which had a place in the text alone, contexts; returns the longest. */
function newContexts(skipsFirst: bool, known: usize): usize {
  const byte = symbol(found);
  const up = load<i32>(found, SUCCESSOR);
  let c = context;
  let count = 0;
  if (!skipsFirst) store<usize>(PLACES + (count++ << 2), found);
  while (load<usize>(c, SHORTER) !== 0) {
    c = load<usize>(c, SHORTER);
    const follower = known !== 0 ? known : load<i32>(c) === 1 ? c + ALONE : find(c, byte);
    known = 0;
    const successor = load<i32>(follower, SUCCESSOR);
    if (successor !== up) {
      c = successor;
      if (count === 0) return c;
      break;
    }
    store<usize>(PLACES + (count++ << 2), follower);
  }
  const then = load<u8>(text - 1 - usize(up));
  let size: i32;
  if (load<i32>(c) === 1) {
    size = frequency(c + ALONE);
  } else {
    const own = frequency(find(c, then)) - 1;
    const rest = load<i32>(c, SUM) - load<i32>(c) - own;
    size = 1 + (2 * own <= rest ? i32(5 * own > rest) : (2 * own + 3 * rest - 1) / (2 * rest));
  }
  while (count > 0) {
    const longer = allot(16);
    store<i32>(longer, 1);
    store<i32>(longer + ALONE, i32(then) | (min(size, 127) << 8));
    store<i32>(longer + ALONE, up - 1, SUCCESSOR);
    store<usize>(longer, c, SHORTER);
    store<usize>(load<usize>(PLACES + (--count << 2)), longer, SUCCESSOR);
    c = longer;
  }
  return c;
}
