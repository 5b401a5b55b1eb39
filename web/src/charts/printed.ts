// Finds numbers worth a curve in what programs print: "step 100: loss 0.31, validation accuracy 0.93".

const STEP =
  /(?<![a-z/])(?:step|epoch|iter|iteration|batch|round|episode|generation|after)s?\b\W{0,8}?(\d+(?:,\d{3})*)(?!\w|\.\d)/gi;
const NUMBER =
  /(?<![\w@/.-])([a-z_][\w@/.-]*(?: {1,3}[a-z_][\w@/.-]*){0,7}(?: ?\([a-z ]+\))?)\s{0,9}['"]?\s{0,9}[:=]*[\s[(]{0,9}(?<!\w)(-?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)(?!\w|\.\d)/gi;
const WORTH =
  /loss|cost|error|accura|(?<![a-z])acc(?![a-z])|precision|recall|rmse|mse|perplexity|entropy|reward|score|auc|likelihood/;
const TOLD = new RegExp(`(${WORTH.source}|step|epoch|iter|batch|round|episode|generation|after).*\\d`, "i");
const LINKS = /^(?:(?:and|the|with) +)+|(?: +(?:is|was|of|on|at|in|for|after|the))+$/g;

/** The step that a line tells of, or null, and its numbers by name; of an epoch's own steps, it tells of neither. */
export function readPrinted(line: string): { step: number | null; values: [name: string, value: number][] } {
  if (line.length > 500 || !TOLD.test(line)) return { step: null, values: [] };
  const steps = [...line.matchAll(STEP)];
  const values: [string, number][] = [];
  for (const [, words = "", digits = ""] of line.replace(STEP, "").matchAll(NUMBER)) {
    const name = words.toLowerCase().replace(/ +/g, " ").replace(LINKS, "");
    if (WORTH.test(name)) values.push([name, Number(digits)]);
  }
  return { step: steps.length === 1 ? Number(steps[0]?.[1]?.replaceAll(",", "")) : null, values };
}
