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

  #sizes: Map<string, number> | null = null;

  async all(): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
    const store = await this.#open("readonly");
    if (!store) return new Map();
    const [paths, contents] = await Promise.all([done(store.getAllKeys()), done(store.getAll())]);
    return new Map(paths.map((path, i) => [String(path), contents[i]]));
  }

  /** Keeps a file unless it, or all of them together, would take too much room; gives whether it is kept. */
  async put(path: string, bytes: Uint8Array): Promise<boolean> {
    this.#sizes ??= new Map([...(await this.all())].map(([each, content]) => [each, content.length]));
    const sizes = new Map(this.#sizes).set(path, bytes.length);
    if (bytes.length > LARGEST_FILE || [...sizes.values()].reduce((a, b) => a + b) > MOST_BYTES) {
      await this.remove(path); // what it was before is not what it is
      return false;
    }
    this.#sizes = sizes;
    const store = await this.#open("readwrite");
    return (
      !store ||
      done(store.put(bytes, path)).then(
        () => true,
        () => false,
      )
    );
  }

  async remove(path: string): Promise<void> {
    this.#sizes?.delete(path);
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
