// A program in the hash of a link, compressed. What such a link brings is shown, and never runs by itself.
import { deflateSync, inflateSync, strFromU8, strToU8 } from "fflate";

const LONGEST_LINK = 60_000;
const LONGEST_PROGRAM = 200_000;

/** A link to the page with the program in it; null if it would be too long to be useful. */
export function linkTo(program: string): string | null {
  const bytes = strToU8(program);
  if (bytes.length > LONGEST_PROGRAM) return null;
  const packed = deflateSync(bytes, { level: 9 });
  const text = btoa(String.fromCharCode(...packed.subarray(0, LONGEST_LINK)))
    .replace(/\+/g, "-")
    .replace(/\//g, "_");
  if (packed.length >= LONGEST_LINK || text.length > LONGEST_LINK) return null;
  const url = new URL(location.href);
  url.hash = `code=${text.replace(/=+$/, "")}`;
  return url.href;
}

/** The program in a hash; null if there is none.
 * @throws Error if there is one, but damaged or too large. */
export function programIn(hash: string): string | null {
  const text = /^#code=([\w-]+)$/.exec(hash)?.[1];
  if (text === undefined) return hash.startsWith("#code=") ? fail("it is damaged") : null;
  if (text.length > LONGEST_LINK) return fail("it is too long");
  let content: Uint8Array;
  try {
    const packed = Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
    content = inflateSync(packed, { out: new Uint8Array(LONGEST_PROGRAM + 1) }); // and no more
  } catch {
    return fail("it is damaged");
  }
  return content.length > LONGEST_PROGRAM ? fail("it is too long") : strFromU8(content);
}

function fail(reason: string): never {
  throw new Error(`The program in the link cannot be shown: ${reason}.`);
}
