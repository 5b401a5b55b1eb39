// The tree of contexts in memory, and the lists of what follows them.
//
// A context has 16 bytes: the number of followers, the sum of their frequencies, the address of the list of them, and
// that of the context which is one byte shorter. A follower has 8: the byte with its frequency above, and a successor,
// which is the context that follows then, or, while that was seen once, minus the place in the text. A follower that is
// alone lies in the context itself, in place of sum and list.

export const SUM: usize = 4;
export const LIST: usize = 8;
export const SHORTER: usize = 12;
export const ALONE: usize = 4;
export const SUCCESSOR: usize = 4;

const ROOM: usize = 1 << 22; // what memory grows by
const FREE: usize = 8704; // lists by their capacity; other tables of the start of memory are in learning.ts and packer.ts

let heap: usize = 0;

/** Contexts and lists lie from there on. */
export function beginAt(address: usize): void {
  heap = address;
  const missing = i32((heap + ROOM) >> 16) + 1 - memory.size();
  if (missing > 0) memory.grow(missing);
}

export function allot(size: usize): usize {
  const address = heap;
  heap += size;
  if (heap > usize(memory.size()) << 16) memory.grow(i32(ROOM >> 16));
  return address;
}

// @ts-ignore: decorator
@inline
export function capacity(count: i32): i32 {
  if (count <= 2) return 2;
  if (count <= 8) return (count + 1) & ~1;
  if (count <= 16) return (count + 3) & ~3;
  return count <= 64 ? (count + 7) & ~7 : (count + 31) & ~31;
}

export function newList(count: i32): usize {
  const room = capacity(count);
  const free = FREE + (usize(room) << 2);
  const address = load<usize>(free);
  if (address === 0) return allot(usize(room) << 3);
  store<usize>(free, load<usize>(address));
  return address;
}

export function freeList(address: usize, count: i32): void {
  const free = FREE + (usize(capacity(count)) << 2);
  store<usize>(address, load<usize>(free));
  store<usize>(free, address);
}

// @ts-ignore: decorator
@inline
export function symbol(follower: usize): i32 {
  return load<u8>(follower);
}

// @ts-ignore: decorator
@inline
export function frequency(follower: usize): i32 {
  return load<i32>(follower) >>> 8;
}

// @ts-ignore: decorator
@inline
export function add(follower: usize, more: i32): void {
  store<i32>(follower, load<i32>(follower) + (more << 8));
}

// @ts-ignore: decorator
@inline
export function addToSum(owner: usize, more: i32): void {
  store<i32>(owner, load<i32>(owner, SUM) + more, SUM);
}

/** Puts a follower in front of the one before it; returns where it is then. */
export function moveUp(follower: usize): usize {
  const own = load<u64>(follower);
  store<u64>(follower, load<u64>(follower - 8));
  store<u64>(follower - 8, own);
  return follower - 8;
}

export function find(owner: usize, byte: i32): usize {
  let follower = load<usize>(owner, LIST);
  while (symbol(follower) !== byte) follower += 8;
  return follower;
}
