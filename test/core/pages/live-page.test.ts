import { HtmlValidate } from 'html-validate';
import { describe, expect, it } from 'vitest';
import { LIVE_SCRIPT, LIVE_STYLE } from '../../../core/pages/assets.ts';
import { LIVE_ICON, LIVE_PAGE } from '../../../core/pages/live-page.ts';
import { liveCommandOf } from '../../../core/pages/live-state.ts';

describe('the live page as it is served', () => {
  it('is HTML without a fault', async () => {
    const validator = new HtmlValidate({ extends: ['html-validate:recommended'] });
    const { results } = await validator.validateString(LIVE_PAGE);
    expect(
      results.flatMap(({ messages }) => messages.map(({ ruleId, line }) => `${line}: ${ruleId}`)),
    ).toEqual([]);
  });

  it('holds nothing that its policy forbids, and asks for what lies beside it alone', () => {
    expect(LIVE_PAGE).not.toMatch(/<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)/);
    const asked = [...LIVE_PAGE.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, url]) => url);
    expect(asked).toEqual(['icon.svg', 'live.css', 'live.js']);
  });

  it('has a script and a style that ask for nothing, and run no text', () => {
    expect(LIVE_SCRIPT.length).toBeGreaterThan(10_000);
    // The only addresses are that of a namespace and that of the library whose licence is kept.
    const addresses = new Set(`${LIVE_SCRIPT}${LIVE_STYLE}${LIVE_ICON}`.match(/https?:\/\/[\w./]+/g));
    expect([...addresses].toSorted()).toEqual([
      'http://www.w3.org/2000/svg',
      'https://github.com/leeoniya/uPlot',
    ]);
    expect(LIVE_SCRIPT).not.toMatch(/\beval\(|new Function|\.innerHTML\b|insertAdjacentHTML|document\.write/);
    expect(LIVE_STYLE).not.toMatch(/@import|url\(/);
  });
});

describe('a command of the live page', () => {
  it.each([
    [{ do: 'pause' }, { do: 'pause' }],
    [{ do: 'stop', more: 1 }, { do: 'stop' }],
    [
      { do: 'set', share: 1 },
      { do: 'set', share: 1 },
    ],
    [{ do: 'set', share: Number.NaN }, undefined],
    [{ do: 'set', share: 2 }, undefined],
    [{ do: 'toString' }, undefined],
    [['stop'], undefined],
    [null, undefined],
    ['stop', undefined],
  ])('%j is %j', (given, command) => {
    expect(liveCommandOf(given)).toEqual(command);
  });
});
