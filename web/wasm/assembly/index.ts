// What Python calls. Arrays are given as the addresses of their Python objects; a function that could not do what it
// was asked, because arrays are of other types or shapes than it takes, returns 0 and has changed nothing.

import { know } from "./arrays";
import { placeConvolutions } from "./convolutions";
import { placeProduct } from "./product";
import { placeTables } from "./tables";

export { convolve, convolveToFilter } from "./convolutions";
export { exp, log, logistic, tanh } from "./functions";
export { gateGradient, gates } from "./gates";
export { average, columnSums, halfSquares, multiply, product } from "./matrices";
export { maxPool, maxPoolToInput } from "./pooling";
export { biasedRelu, relu, reluGradient } from "./rectifier";

/** Raised, here and in pyflow/runtime/cpu/wasm.py, with whatever Python has to know: functions, arguments, tables. */
export const INTERFACE: i32 = 2;

/** To be called first, with the class ndarray and memory to work in. Returns how much of that is used. */
export function setup(type: usize, memory: usize): usize {
  know(type);
  return placeConvolutions(placeTables(placeProduct(memory))) - memory;
}
