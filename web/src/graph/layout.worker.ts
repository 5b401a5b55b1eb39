// Lays out what is seen of a graph, beside the page: dagre takes a second for some hundred boxes.
import * as dagre from "@dagrejs/dagre";
import type { Edge, Item, View } from "./scopes";

export interface Box {
  item: Item;
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Picture {
  boxes: Box[];
  lines: { edge: Edge; points: { x: number; y: number }[] }[];
  width: number;
  height: number;
}

const sizeOf = (item: Item) => ({
  width: Math.min(230, 34 + 7.2 * Math.max(item.label.length, item.op.length)),
  height: 40,
});

function layOut({ items, edges }: View): Picture {
  const graph = new dagre.graphlib.Graph({ compound: true });
  graph.setGraph({ rankdir: "BT", nodesep: 18, ranksep: 34, marginx: 16, marginy: 16 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const item of items) graph.setNode(item.id, item.kind === "open" ? {} : sizeOf(item));
  for (const item of items) if (item.parent) graph.setParent(item.id, item.parent);
  for (const edge of edges) graph.setEdge(edge.from, edge.to);
  dagre.layout(graph);
  const boxes = items.map((item): Box => {
    const { x, y, width, height } = graph.node(item.id) as Omit<Box, "item">;
    return { item, x, y, width, height };
  });
  boxes.sort(
    (a, b) =>
      Number(b.item.kind === "open") - Number(a.item.kind === "open") || b.width * b.height - a.width * a.height,
  );
  const lines = edges.map((edge) => ({ edge, points: graph.edge(edge.from, edge.to)?.points ?? [] }));
  const { width = 0, height = 0 } = graph.graph();
  return { boxes, lines, width, height };
}

self.onmessage = ({ data }: MessageEvent<{ id: number; view: View }>) => {
  self.postMessage({ id: data.id, picture: layOut(data.view) });
};
