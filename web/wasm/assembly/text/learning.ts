// How the model of a text learns what came: the counts of followers, and the contexts that there are.

import { ALONE, add, addToSum, allot, capacity, find, freeList, frequency, LIST, moveUp, newList, SHORTER, SUCCESSOR,
  SUM, symbol } from "./followers";

export const MOST: i32 = 124; // as large as frequencies become
const PLACES: usize = 8448; // of the followers that get a context

export class Model {
  static text: usize = 0;
  static at: usize = 0; // the place in the text, from 1 on
  static context: usize = 0;
  static longest: usize = 0;
  static found: usize = 0; // the follower that came
  static fall: i32 = 0; // how much shorter than ORDER the context is
  static escape: i32 = 0; // what a new follower is counted as, beside
}

/** Goes on to the context that follows, or learns where there is none. */
export function follow(): void {
  const successor = load<i32>(Model.found, SUCCESSOR);
  if (Model.fall !== 0 || successor <= 0) {
    learn();
    return;
  }
  store<u8>(Model.at++, symbol(Model.found));
  Model.longest = Model.context = successor;
}

/** Halves the frequencies of a context's followers, and leaves those out that came once. */
export function halve(own: usize): void {
  const count = load<i32>(own);
  let list = load<usize>(own, LIST);
  while (Model.found > list) Model.found = moveUp(Model.found);
  let escapes = load<i32>(own, SUM) - frequency(list);
  const more = Model.fall !== 0 ? 1 : 0;
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
    Model.found = own + ALONE;
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
  Model.found = list;
}

/** Adds what was found to the contexts that lacked it. */
export function learn(): void {
  const own = Model.context;
  const follower = Model.found;
  const byte = symbol(follower);
  const size = frequency(follower);
  let successor = load<i32>(follower, SUCCESSOR);
  let known: usize = 0;
  store<u8>(Model.at++, byte);
  const shorter = load<usize>(own, SHORTER);
  if (size < MOST / 4 && shorter !== 0) known = strengthen(shorter, byte);
  if (Model.fall === 0) {
    Model.longest = Model.context = newContexts(true, known);
    store<usize>(follower, Model.context, SUCCESSOR);
    return;
  }
  let then = i32(Model.text) - 1 - i32(Model.at);
  if (successor === 0) {
    store<i32>(follower, then, SUCCESSOR);
    successor = i32(own);
  } else {
    if (successor < 0) successor = i32(newContexts(false, known));
    if (--Model.fall === 0) then = successor;
  }
  const count = load<i32>(own);
  const rest = count === 1 ? 0 : load<i32>(own, SUM) - count - (size - 1);
  for (let c = Model.longest; c !== own; c = load<usize>(c, SHORTER)) append(c, byte, size, then, count, rest);
  Model.longest = Model.context = successor;
}

/** Counts a byte in a context that has it; returns the follower. */
export function strengthen(owner: usize, byte: i32): usize {
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
export function append(to: usize, byte: i32, size: i32, successor: i32, others: i32, rest: i32): void {
  const count = load<i32>(to);
  let list: usize;
  if (count === 1) {
    list = newList(2);
    const alone = frequency(to + ALONE);
    const raised = alone < MOST / 4 - 1 ? alone * 2 : MOST - 4;
    store<i32>(list, symbol(to + ALONE) | (raised << 8));
    store<i32>(list, load<i32>(to + ALONE, SUCCESSOR), SUCCESSOR);
    store<i32>(to, raised + Model.escape + (others > 3 ? 1 : 0), SUM);
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
export function newContexts(skipsFirst: bool, known: usize): usize {
  const byte = symbol(Model.found);
  const up = load<i32>(Model.found, SUCCESSOR);
  let c = Model.context;
  let count = 0;
  if (!skipsFirst) store<usize>(PLACES + (count++ << 2), Model.found);
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
  const then = load<u8>(Model.text - 1 - usize(up));
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
