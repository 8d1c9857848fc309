/** Text of others (a log, a target) in Markdown, where nothing of it is read as Markdown, HTML or a mention. */

import { cutAt, visibleText } from './format.ts';

const MAX_TEXT = 400;

const plain = (text: string): string => cutAt(visibleText(text).replace(/\p{Cs}/gu, '?'), MAX_TEXT);

/** Entities, where a backslash would not do: GitHub reads mentions, links and HTML also behind one. */
const ENTITIES: Readonly<Record<string, string>> = {
  '<': '&lt;',
  '>': '&gt;',
  '@': '&#64;',
  '&': '&amp;',
  '.': '&#46;',
};

/** What is markup anywhere; a colon where it makes a link of a bare URL, or an emoji of a word; a dot that makes one of `www.`. */
const MARKUP = /[\\`*_{}[\]<>#+!|~@&]|:(?=\/\/|[\w+-]{1,60}:)|(?<=\bwww)\./gi;

/** As words in a line or in a cell of a table. */
export const markdownWords = (text: string): string =>
  plain(text).replace(MARKUP, (char) => ENTITIES[char] ?? `\\${char}`);

/** As code in a line or in a cell of a table: a pipe would end the cell, a backtick the code. */
export const markdownCode = (text: string): string =>
  `\`${plain(text).replaceAll('`', "'").replaceAll('|', '\\|')}\``;
