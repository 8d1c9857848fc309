import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  LIVE_SCRIPT,
  LIVE_SCRIPT_HASH,
  LIVE_STYLE,
  LIVE_STYLE_HASH,
  REPORT_SCRIPT,
  REPORT_SCRIPT_HASH,
  REPORT_STYLE,
  REPORT_STYLE_HASH,
} from '../../../core/pages/assets.ts';
import { pagesSource } from '../../../tools/pages-source.ts';
import { readProjectFile } from '../../support/project-files.ts';

const hashOf = (text: string): string => `sha256-${createHash('sha256').update(text).digest('base64')}`;

describe('scripts and styles of pages', () => {
  it('are those that ui/ holds: npm run pages writes them anew', async () => {
    expect(readProjectFile('core/pages/assets.ts') === (await pagesSource())).toBe(true);
  });

  it.each([
    ['the script of the report', REPORT_SCRIPT, REPORT_SCRIPT_HASH],
    ['the style of the report', REPORT_STYLE, REPORT_STYLE_HASH],
    ['the script of the live page', LIVE_SCRIPT, LIVE_SCRIPT_HASH],
    ['the style of the live page', LIVE_STYLE, LIVE_STYLE_HASH],
  ])('are allowed by their hash, and end nothing: %s', (_, text, hash) => {
    expect(text.length).toBeGreaterThan(1000);
    expect(hash).toBe(hashOf(text));
    expect(text).not.toMatch(/<\/(?:script|style)|<!--/i);
  });

  it('ask for nothing', () => {
    for (const text of [REPORT_SCRIPT, REPORT_STYLE, LIVE_STYLE])
      expect(text).not.toMatch(
        /@import|url\(|fetch\(|XMLHttpRequest|WebSocket|EventSource|sendBeacon|(?:local|session)Storage/,
      );
  });

  it('name the licence of what they hold of others', () => {
    expect(REPORT_SCRIPT).toContain('The MIT License (MIT)');
    expect(REPORT_SCRIPT).toContain('https://github.com/leeoniya/uPlot');
  });

  it('are small: the script of a report is below 100 kB', () => {
    expect(REPORT_SCRIPT.length).toBeLessThan(100_000);
    expect(REPORT_STYLE.length).toBeLessThan(30_000);
  });
});
