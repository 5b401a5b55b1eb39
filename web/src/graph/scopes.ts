// A graph as a tree of name scopes, and what is seen of it when some of them are open.

/** A graph as Python tells it: one entry a node; an input's number is negative (-1 - i) where it is only waited for. */
export interface GraphData {
  names: string[];
  ops: string[];
  devices: string[];
  inputs: number[][];
  /** Whether the devices are those that nodes ran on, not only those that are asked for. */
  ran: boolean;
}

/** What is drawn: a node, or a closed scope with all its nodes, or an open scope around what it holds. */
export interface Item {
  id: string;
  /** The node's, or the scope's. */
  name: string;
  label: string;
  kind: "node" | "closed" | "open";
  op: string;
  device: string;
  count: number;
  parent: string;
}

export interface Edge {
  from: string;
  to: string;
  count: number;
  control: boolean;
}

export interface View {
  items: Item[];
  edges: Edge[];
}

const MOST_ITEMS = 400;
const MOST_INSIDE = 200; // of one scope; what it holds beyond that is grouped
const GROUP = 100;

/** Names, with a further scope in those of things that are too many in theirs to be drawn. */
function grouped(names: string[]): string[] {
  const inside = new Map<string, Map<string, number>>(); // of each scope, what it holds, by number
  const parts = (name: string) => {
    let scope = "";
    return name.split("/").map((part) => {
      const siblings = inside.get(scope) ?? new Map<string, number>();
      inside.set(scope, siblings);
      if (!siblings.has(part)) siblings.set(part, siblings.size);
      scope += `${part}/`;
      return [part, siblings] as const;
    });
  };
  for (const name of names) parts(name);
  const groups = new Map(
    [...inside.values()]
      .filter((siblings) => siblings.size > MOST_INSIDE)
      .map((siblings) => {
        const [all, size] = [[...siblings.keys()], Math.max(GROUP, Math.ceil(siblings.size / MOST_INSIDE))];
        return [
          siblings,
          all.map((_, i) => `${all[i - (i % size)]} … ${all[Math.min(i - (i % size) + size, all.length) - 1]}`),
        ];
      }),
  );
  if (!groups.size) return names;
  return names.map((name) =>
    parts(name)
      .flatMap(([part, siblings]) => [groups.get(siblings)?.[siblings.get(part) ?? 0] ?? [], part])
      .flat()
      .join("/"),
  );
}

export class Scopes {
  /** The scopes, with the number of nodes in each. */
  readonly sizes = new Map<string, number>();
  /** Where each node is. */
  readonly paths: string[];

  constructor(readonly data: GraphData) {
    this.paths = grouped(data.names);
    for (const name of this.paths) {
      for (let end = name.lastIndexOf("/"); end > 0; end = name.lastIndexOf("/", end - 1)) {
        const scope = name.slice(0, end);
        this.sizes.set(scope, (this.sizes.get(scope) ?? 0) + 1);
      }
    }
  }

  /** The item that stands for a node: itself, or the outermost of its scopes that is closed. */
  #standIn(name: string, open: ReadonlySet<string>): string {
    for (let end = name.indexOf("/"); end > 0; end = name.indexOf("/", end + 1)) {
      const scope = name.slice(0, end);
      if (!open.has(scope)) return (this.sizes.get(scope) ?? 0) > 1 ? `${scope}/` : name;
    }
    // A node may have the name of a scope, as a layer's output often does; then it is drawn inside.
    return name;
  }

  /** What is seen when these scopes are open.
   * @throws RangeError if that is too much to be drawn. */
  view(open: ReadonlySet<string>): View {
    const { names, ops, devices, inputs } = this.data;
    const items = new Map<string, Item>();
    const standIns = this.paths.map((path) => this.#standIn(path, open));
    standIns.forEach((id, i) => {
      const closed = id.endsWith("/");
      const path = closed ? id.slice(0, -1) : id;
      const known = items.get(id);
      if (known) {
        known.count++;
        if (known.device !== devices[i])
          known.device = known.device && devices[i] ? "several" : known.device || (devices[i] ?? "");
        return;
      }
      const label = path.slice(path.lastIndexOf("/") + 1);
      const parent = this.#openParent(path, open);
      const op = closed ? "" : (ops[i] ?? "");
      const [name = "", device = ""] = closed ? [path, devices[i]] : [names[i], devices[i]];
      items.set(id, { id, name, label, kind: closed ? "closed" : "node", op, device, count: 1, parent });
      if (items.size > MOST_ITEMS) throw new RangeError(`More than ${MOST_ITEMS} boxes; close some scopes first`);
    });
    for (const scope of open) {
      if (this.sizes.has(scope) && [...items.values()].some((item) => item.id.startsWith(`${scope}/`))) {
        const label = scope.slice(scope.lastIndexOf("/") + 1);
        const [count, parent] = [this.sizes.get(scope) ?? 0, this.#openParent(scope, open)];
        const id = `${scope}//`;
        items.set(id, { id, name: scope, label, kind: "open", op: "", device: "", count, parent });
      }
    }
    const edges = new Map<string, Edge>();
    inputs.forEach((sources, i) => {
      for (const source of sources) {
        const from = standIns[source < 0 ? -1 - source : source];
        const to = standIns[i];
        if (from === undefined || to === undefined || from === to) continue;
        const edge = edges.get(`${from}\n${to}`) ?? { from, to, count: 0, control: true };
        edge.count++;
        edge.control &&= source < 0;
        edges.set(`${from}\n${to}`, edge);
      }
    });
    return { items: [...items.values()], edges: [...edges.values()] };
  }

  #openParent(path: string, open: ReadonlySet<string>): string {
    const scope = path.slice(0, Math.max(path.lastIndexOf("/"), 0));
    return scope && open.has(scope) ? `${scope}//` : "";
  }
}
