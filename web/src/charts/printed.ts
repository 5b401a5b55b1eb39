// Finds numbers worth a curve in what programs print: "step 100: loss 0.31, validation accuracy 0.93".

const STEP = /\b(?:step|steps|epoch|iter|iteration|batch|round|after)s?\b\W{0,3}(\d+)/i;
const NUMBER = /([A-Za-z][A-Za-z _-]{0,30}?)\s*(?:\bis\b|\bof\b|[:=])?\s*(-?\d+\.?\d*(?:e[-+]?\d+)?)(?![\w.])/gi;
const WORTH = /loss|cost|error|accura|precision|recall|rmse|mse|perplexity|entropy|reward|score/i;

/** The step that a line tells of, or null, and its numbers by name. */
export function readPrinted(line: string): { step: number | null; values: [name: string, value: number][] } {
  if (line.length > 500) return { step: null, values: [] };
  const step = STEP.exec(line);
  const values: [string, number][] = [];
  for (const [, words = "", digits = ""] of line.matchAll(NUMBER)) {
    const name = words
      .replace(/\s+(is|of|was|on|batch|the)$/i, "")
      .trim()
      .toLowerCase();
    if (WORTH.test(name)) values.push([name, Number(digits)]);
  }
  return { step: step ? Number(step[1]) : null, values };
}
