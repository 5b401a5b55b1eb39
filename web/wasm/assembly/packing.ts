// Packing: what a block of registers multiplies is laid out in the order in which it is read, `lanes` numbers a step.

/** Steps along memory: each lane reads `count` numbers on end, from its address in the table plus `offset`. */
export function packAlong<T>(to: usize, table: usize, lanes: i32, offset: usize, count: i32): void {
  const step = <usize>lanes * sizeof<T>();
  if (sizeof<T>() == 4) {
    let lane = 0;
    for (; lane + 4 <= lanes; lane += 4) packFour(to + (lane << 2), step, table + (lane << 2), offset, count);
    if (lane < lanes) packTwo(to + (lane << 2), step, table + (lane << 2), offset, count);
    return;
  }
  for (let lane = 0; lane < lanes; lane++) {
    let from = <usize>load<u32>(table + (lane << 2)) + offset;
    let target = to + lane * sizeof<T>();
    for (let k = 0; k < count; k++) {
      store<T>(target, load<T>(from));
      from += sizeof<T>();
      target += step;
    }
  }
}

function packFour(to: usize, step: usize, table: usize, offset: usize, count: i32): void {
  let p0 = <usize>load<u32>(table) + offset;
  let p1 = <usize>load<u32>(table, 4) + offset;
  let p2 = <usize>load<u32>(table, 8) + offset;
  let p3 = <usize>load<u32>(table, 12) + offset;
  for (; count >= 4; count -= 4) {
    const a = v128.load(p0), b = v128.load(p1), c = v128.load(p2), d = v128.load(p3);
    const ab = v128.shuffle<i32>(a, b, 0, 4, 1, 5), cd = v128.shuffle<i32>(c, d, 0, 4, 1, 5);
    const ab2 = v128.shuffle<i32>(a, b, 2, 6, 3, 7), cd2 = v128.shuffle<i32>(c, d, 2, 6, 3, 7);
    v128.store(to, v128.shuffle<i64>(ab, cd, 0, 2));
    to += step;
    v128.store(to, v128.shuffle<i64>(ab, cd, 1, 3));
    to += step;
    v128.store(to, v128.shuffle<i64>(ab2, cd2, 0, 2));
    to += step;
    v128.store(to, v128.shuffle<i64>(ab2, cd2, 1, 3));
    to += step;
    p0 += 16;
    p1 += 16;
    p2 += 16;
    p3 += 16;
  }
  for (; count > 0; count--) {
    store<f32>(to, load<f32>(p0));
    store<f32>(to, load<f32>(p1), 4);
    store<f32>(to, load<f32>(p2), 8);
    store<f32>(to, load<f32>(p3), 12);
    to += step;
    p0 += 4;
    p1 += 4;
    p2 += 4;
    p3 += 4;
  }
}

function packTwo(to: usize, step: usize, table: usize, offset: usize, count: i32): void {
  let p0 = <usize>load<u32>(table) + offset;
  let p1 = <usize>load<u32>(table, 4) + offset;
  for (; count >= 4; count -= 4) {
    const a = v128.load(p0), b = v128.load(p1);
    const low = v128.shuffle<i32>(a, b, 0, 4, 1, 5), high = v128.shuffle<i32>(a, b, 2, 6, 3, 7);
    v128.store64_lane(to, low, 0);
    to += step;
    v128.store64_lane(to, low, 1);
    to += step;
    v128.store64_lane(to, high, 0);
    to += step;
    v128.store64_lane(to, high, 1);
    to += step;
    p0 += 16;
    p1 += 16;
  }
  for (; count > 0; count--) {
    store<f32>(to, load<f32>(p0));
    store<f32>(to, load<f32>(p1), 4);
    to += step;
    p0 += 4;
    p1 += 4;
  }
}

/** Lanes along memory: each of `count` steps reads numbers on end, from its address in the table plus `offset`. */
export function packAcross<T>(to: usize, table: usize, lanes: i32, valid: i32, offset: usize, count: i32): void {
  const bytes = lanes * <i32>sizeof<T>();
  const last = table + (count << 2);
  if (valid < lanes) {
    for (; table < last; table += 4, to += bytes) {
      const from = <usize>load<u32>(table) + offset;
      let lane = 0;
      if (sizeof<T>() == 4 && valid >= 4) {
        v128.store(to, v128.load(from));
        lane = 4;
      }
      for (; lane < lanes; lane++) {
        const at = lane * sizeof<T>();
        store<T>(to + at, lane < valid ? load<T>(from + at) : 0);
      }
    }
  } else if (bytes == 16) {
    for (; table < last; table += 4, to += 16) copy(to, <usize>load<u32>(table) + offset, 16);
  } else if (bytes == 24) {
    for (; table < last; table += 4, to += 24) copy(to, <usize>load<u32>(table) + offset, 24);
  } else if (bytes == 32) {
    for (; table < last; table += 4, to += 32) copy(to, <usize>load<u32>(table) + offset, 32);
  } else {
    for (; table < last; table += 4, to += 48) copy(to, <usize>load<u32>(table) + offset, 48);
  }
}

/**
 * The same for as many panels of two vectors of columns as come in fours: a row is in one piece, and the next may be on
 * another page of memory. Returns how many columns that is.
 */
export function packPanels<T>(to: usize, base: usize, depth: i32, width: i32, step: i32): i32 {
  const four = <i32>(128 / sizeof<T>()), panel = <usize>depth << 5;
  let start = 0;
  for (; start + four <= width; start += four, base += 128, to += 4 * panel) {
    for (let k = 0, from = base, target = to; k < depth; k++, from += step, target += 32) {
      copy(target, from, 32);
      copy(target + panel, from + 32, 32);
      copy(target + 2 * panel, from + 64, 32);
      copy(target + 3 * panel, from + 96, 32);
    }
  }
  return start;
}

// @ts-ignore: decorator
@inline
function copy(to: usize, from: usize, bytes: i32): void {
  v128.store(to, v128.load(from));
  if (bytes == 24) store<u64>(to, load<u64>(from, 16), 16);
  if (bytes >= 32) v128.store(to, v128.load(from, 16), 16);
  if (bytes == 48) v128.store(to, v128.load(from, 32), 32);
}
