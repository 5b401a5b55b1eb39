// What is kept across reloads in the browser's storage: small things by key, and the visitor's files.

/** A value kept under a key; where storage is off, the default stands. */
export function kept<T>(key: string, fallback: T): T {
  try {
    const text = localStorage.getItem(`pyflow.${key}`);
    return text === null ? fallback : (JSON.parse(text) as T);
  } catch {
    return fallback;
  }
}

export function keep(key: string, value: unknown): void {
  try {
    localStorage.setItem(`pyflow.${key}`, JSON.stringify(value));
  } catch {
    // Private windows and full disks: the page works on, only without memory.
  }
}

const LARGEST_FILE = 64 << 20;
const MOST_BYTES = 256 << 20;

/** Files by their path, in IndexedDB. */
export class FileStore {
  #database: Promise<IDBDatabase | null> = new Promise((resolve) => {
    const request = indexedDB.open("pyflow", 1);
    request.onupgradeneeded = () => request.result.createObjectStore("files");
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => resolve(null);
  });

  async all(): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
    const store = await this.#open("readonly");
    if (!store) return new Map();
    const [paths, contents] = await Promise.all([done(store.getAllKeys()), done(store.getAll())]);
    return new Map(paths.map((path, i) => [String(path), contents[i]]));
  }

  /** Keeps a file unless it, or all of them together, would take too much room. */
  async put(path: string, bytes: Uint8Array): Promise<void> {
    if (bytes.length > LARGEST_FILE) return;
    const others = [...(await this.all())].filter(([other]) => other !== path);
    if (others.reduce((sum, [, content]) => sum + content.length, bytes.length) > MOST_BYTES) return;
    const store = await this.#open("readwrite");
    if (store) await done(store.put(bytes, path)).catch(() => undefined);
  }

  async remove(path: string): Promise<void> {
    const store = await this.#open("readwrite");
    if (store) await done(store.delete(path));
  }

  async #open(mode: IDBTransactionMode): Promise<IDBObjectStore | null> {
    const database = await this.#database;
    return database?.transaction("files", mode).objectStore("files") ?? null;
  }
}

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
