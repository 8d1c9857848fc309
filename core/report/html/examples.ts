/** Requests to try by hand: why each is shown, and its `curl` line. */

import type { Example } from '../../measure/example.ts';
import { curlLine } from '../curl.ts';
import { formatMs } from '../format.ts';
import type { Report } from '../report-json.ts';
import { EMPTY, html, type Markup } from './markup.ts';

/** Origin of each target; `null` where it is not known. */
export type Origins = ReadonlyMap<string, string | null>;

export const originsOf = ({ targets }: Report): Origins =>
  new Map(targets.map(({ name, origin }) => [name, origin]));

/** Why it is shown: `recorded 200, now 503`. */
const whyShown = ({ kind, status, failed, recordedStatus, recordedMs, serviceMs }: Example): string => {
  if (kind === 'failed')
    return `recorded ${recordedStatus ?? 'no status'}, now failed (${failed ?? 'unknown'})`;
  if (kind === 'status') return `recorded ${recordedStatus ?? 'no status'}, now ${status ?? 'no status'}`;
  return `recorded ${formatMs(recordedMs ?? null)}, now ${formatMs(serviceMs ?? null)}`;
};

/** One line for a shell with a button that copies it; the button is there with a script only. */
const tryLine = (example: Example, origin: string): Markup =>
  html`<div class="try"><pre><code>${curlLine(example, origin)}</code></pre><button type="button" class="copy screen-only" hidden>Copy<span class="visually-hidden"> the curl line</span></button></div>`;

/** An example with its reason; without a line to try where the address of its target is not known. */
const exampleBlock = (example: Example, likeIt: number, origins: Origins): Markup => {
  const origin = origins.get(example.target) ?? null;
  const count = likeIt > 1 ? `, ${likeIt} of the worst` : '';
  return html`<div class="example"><p class="muted">${whyShown(example)}${count}</p>${origin === null ? EMPTY : tryLine(example, origin)}</div>`;
};

/** What makes two examples look the same to who reads them. */
const lookOf = (example: Example): string =>
  JSON.stringify([example.method, example.host, example.path, example.target, whyShown(example)]);

/** The examples, at most `most` of them, each request and reason once. */
export const exampleBlocks = (
  examples: readonly Example[],
  origins: Origins,
  most = Number.POSITIVE_INFINITY,
): readonly Markup[] => {
  const alike = Map.groupBy(examples, lookOf);
  return [...alike.values()]
    .slice(0, most)
    .flatMap((group) => group.slice(0, 1).map((first) => exampleBlock(first, group.length, origins)));
};
