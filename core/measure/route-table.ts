/** Figures by route in bounded memory: the routes that are seen most keep their own, the rest share `other`. */

import { type Figures, mergeFigures, newFigures, sumFigures } from './figures.ts';

export const MAX_ROUTES = 1000;
const FOLDED_AT_ONCE = 500;

/** A place in the table; when its route is folded away, `figures` becomes those of `other`, so that no later count is lost. */
export interface RouteEntry {
  readonly route: string;
  figures: Figures;
}

export interface RouteTable {
  /** The entry of a route, made where there is none. */
  find(route: string): RouteEntry;
  /** The `top` routes by planned requests, most first, and all else as one; sums over both are those of all requests. */
  snapshot(top: number): { readonly routes: readonly RouteEntry[]; readonly other: Figures };
}

const byCount = (a: RouteEntry, b: RouteEntry): number =>
  b.figures.planned - a.figures.planned || (a.route < b.route ? -1 : 1);

/** An empty table of at most `MAX_ROUTES` routes. Folding is of half the table at once, so that its cost is spread over many adds. */
export const createRouteTable = (): RouteTable => {
  const entries = new Map<string, RouteEntry>();
  const other = newFigures();

  const foldRarest = (): void => {
    for (const entry of [...entries.values()].sort(byCount).slice(-FOLDED_AT_ONCE)) {
      mergeFigures(other, entry.figures);
      entry.figures = other;
      entries.delete(entry.route);
    }
  };

  return {
    find(route) {
      const known = entries.get(route);
      if (known !== undefined) return known;
      if (entries.size >= MAX_ROUTES) foldRarest();
      const entry = { route, figures: newFigures() };
      entries.set(route, entry);
      return entry;
    },
    snapshot(top) {
      const sorted = [...entries.values()].sort(byCount);
      const rest = sorted.slice(top).map(({ figures }) => figures);
      return { routes: sorted.slice(0, top), other: sumFigures([other, ...rest]) };
    },
  };
};
