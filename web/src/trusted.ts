// Which scripts may be started: those of this site. The policy of the page (headers.json) knows no other way to start one.

interface Policy {
  createScriptURL(url: string): string;
}
interface Factory {
  createPolicy(name: string, rules: Policy): Policy;
}

function createScriptURL(url: string): string {
  if (new URL(url, location.href).origin !== location.origin) throw new TypeError(`${url} is not of this site`);
  return url;
}

const factory = (globalThis as { trustedTypes?: Factory }).trustedTypes;
const policy: Policy = factory?.createPolicy("own-scripts", { createScriptURL }) ?? { createScriptURL };

/** A URL that `new Worker` and `serviceWorker.register` accept. */
export const ownScript = (url: string): string => policy.createScriptURL(url);
