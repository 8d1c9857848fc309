/** The scope of a gate: which requests it is about. */

import { describeValue } from './fault.ts';
import { type Cursor, fault, type GateFault, isFault, take } from './gate-text.ts';

/** Which requests a gate is of; nothing set: those of the whole run. */
export interface GateScope {
  readonly rule?: string;
  /** Glob as it was written, without its quotes; routes that match are judged as one. */
  readonly route?: string;
  /** Each route by itself. */
  readonly eachRoute: boolean;
}

/** `GET /cart/*`, `* shop.example.com/**`, `GET **`: routes are visible ASCII and hold no query. */
const ROUTE_GLOB = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+ (?:\*\*|[!"$-.0->@-~]*\/[!"$->@-~…]*)$/;
const ROUTE_WORDS = `a route in quotes such as "GET /cart/*" or "GET shop.example.com/**"`;

const readRule = (cursor: Cursor): { rule?: string } | GateFault => {
  const start = cursor.at;
  const name = take(cursor, /rule:(\S*)/)?.[1];
  if (name === undefined) return {};
  if (/^[a-z0-9][a-z0-9_-]{0,62}$/.test(name)) return { rule: name };
  return fault(start + 'rule:'.length, `after rule: comes the name of a rule, got ${describeValue(name)}`);
};

const readRoute = (cursor: Cursor): { route?: string } | GateFault => {
  const offset = cursor.at + 'route:'.length;
  if (take(cursor, /route:/) === undefined) return {};
  cursor.at = offset;
  const [, double, single] = take(cursor, /"([^"]*)"|'([^']*)'/) ?? [];
  const route = double ?? single;
  if (route === undefined) {
    const rest = describeValue(cursor.text.slice(offset).trim());
    return fault(offset, `after route: comes ${ROUTE_WORDS}, got ${rest}`);
  }
  if (ROUTE_GLOB.test(route)) return { route };
  const hint = /[?#]/.test(route) ? 'routes are named without the query' : undefined;
  return fault(offset, `after route: comes ${ROUTE_WORDS}, got ${describeValue(route)}`, hint);
};

/** Reads `rule:NAME`, `route:"GET /cart/*"`, `each route`, or nothing. */
export const readScope = (cursor: Cursor): GateScope | GateFault => {
  const rule = readRule(cursor);
  if (isFault(rule)) return rule;
  const route = readRoute(cursor);
  if (isFault(route)) return route;
  const offset = cursor.at;
  const eachRoute = take(cursor, /each\s+route(?=\s)/) !== undefined;
  if (eachRoute && route.route !== undefined)
    return fault(offset, 'a gate is of one route: or of each route, got both');
  const again = /^(rule|route|each)\b/.exec(cursor.text.slice(cursor.at))?.[1];
  if (again === undefined) return { ...rule, ...route, eachRoute };
  const hint = again === 'each' ? 'write: each route p95 <= 300ms' : undefined;
  return fault(
    cursor.at,
    'a scope is rule:NAME, route:"GET /cart/*" or each route, with rule:NAME first where there are two',
    hint,
  );
};
