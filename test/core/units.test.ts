import { describe, expect, it } from 'vitest';
import {
  BYTES_PATTERN,
  DURATION_PATTERN,
  parseBytes,
  parseDurationMs,
  parseRatePerSecond,
  RATE_PATTERN,
} from '../../core/units.ts';

const WRONG = [
  '',
  ' ',
  '10',
  's',
  '-1s',
  '+1s',
  '1 s',
  ' 1s',
  '1s ',
  '1s\n',
  '.5s',
  '1.s',
  '1e3s',
  '1,5s',
  '1S',
  '0x1s',
  'NaNs',
  '1ss',
];

describe('a duration', () => {
  it.each([
    ['800ms', 800],
    ['0ms', 0],
    ['1.5ms', 1.5],
    ['10s', 10_000],
    ['0.5s', 500],
    ['5m', 300_000],
    ['1h', 3_600_000],
    ['2d', 172_800_000],
    ['007s', 7_000],
  ])('%s is %d ms', (text, durationMs) => {
    expect(parseDurationMs(text)).toBe(durationMs);
    expect(text).toMatch(new RegExp(DURATION_PATTERN));
  });

  it.each([...WRONG, '1w', '1us', '1min', '10/s', '1B'])('%j is none', (text) => {
    expect(parseDurationMs(text)).toBeUndefined();
  });
});

describe('a rate', () => {
  it.each([
    ['500/s', 500],
    ['30/m', 0.5],
    ['1800/h', 0.5],
    ['2.5/s', 2.5],
  ])('%s is %d a second', (text, ratePerSecond) => {
    expect(parseRatePerSecond(text)).toBe(ratePerSecond);
    expect(text).toMatch(new RegExp(RATE_PATTERN));
  });

  it.each([...WRONG, '10/d', '10/ms', '10s', '10 /s', '10/ s', '/s', '10/sec'])('%j is none', (text) => {
    expect(parseRatePerSecond(text)).toBeUndefined();
  });
});

describe('a size', () => {
  it.each([
    ['10B', 10],
    ['1KiB', 1_024],
    ['10MiB', 10_485_760],
    ['2GiB', 2_147_483_648],
    ['1kB', 1_000],
    ['500MB', 500_000_000],
    ['2GB', 2_000_000_000],
    ['0.5KiB', 512],
  ])('%s is %d bytes', (text, bytes) => {
    expect(parseBytes(text)).toBe(bytes);
    expect(text).toMatch(new RegExp(BYTES_PATTERN));
  });

  it.each([...WRONG, '1KB', '1kiB', '1mb', '1TB', '1b', '10MiBs'])('%j is none', (text) => {
    expect(parseBytes(text)).toBeUndefined();
  });
});
