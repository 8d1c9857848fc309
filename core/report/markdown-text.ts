/** Text of others (a log, a target) in Markdown, where nothing of it is read as Markdown, HTML or a mention. */

import { cutAt, visibleText } from './format.ts';

const MAX_TEXT = 400;

const plain = (text: string): string => cutAt(visibleText(text).replace(/\p{Cs}/gu, '?'), MAX_TEXT);

/** Entities, where a backslash would not do: GitHub reads mentions and HTML also behind one. */
const ENTITIES: Readonly<Record<string, string>> = { '<': '&lt;', '>': '&gt;', '@': '&#64;', '&': '&amp;' };

/** As words in a line or in a cell of a table. */
export const markdownWords = (text: string): string =>
  plain(text).replace(/[\\`*_{}[\]<>()#+!|~@:&]/g, (char) => ENTITIES[char] ?? `\\${char}`);

/** As code in a line or in a cell of a table: a pipe would end the cell, a backtick the code. */
export const markdownCode = (text: string): string =>
  `\`${plain(text).replaceAll('`', "'").replaceAll('|', '\\|')}\``;
