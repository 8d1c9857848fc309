/** Log objects in the shapes in which Firehose writes them. */

import { gzipSync } from 'node:zlib';
import { type LoggedRequest, traefikLine } from '../support/logs.ts';

/** Lines as one gzip'd object: each with its newline, or joined with nothing between them, as Firehose does with what it is given. */
export const firehoseObject = (lines: readonly string[], shape: 'lines' | 'joined' = 'lines'): Buffer =>
  gzipSync(shape === 'lines' ? lines.map((line) => `${line}\n`).join('') : lines.join(''));

/** `count` lines of a Traefik log, `everyMs` apart, of ten clients in turn; `name` tells logs apart. */
export const logLines = (
  name: string,
  count: number,
  everyMs: number,
  changes: (index: number) => Partial<LoggedRequest> = () => ({}),
): readonly string[] =>
  Array.from({ length: count }, (_, i) =>
    traefikLine({
      atMs: i * everyMs,
      path: `/${name}/${i}?page=%2F${i % 7}&q=caf%C3%A9`,
      client: `192.0.2.${i % 10}`,
      headers: {
        'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64)',
        Accept: 'text/html',
        Authorization: 'Bearer recorded',
      },
      ...changes(i),
    }),
  );
