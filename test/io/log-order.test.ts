import { expect, it } from 'vitest';
import { orderLogs } from '../../io/log-order.ts';

it('the parts of a rotated log come oldest first, at the place of the first of them', () => {
  const oldestFirst = ['access.log.10.gz', 'access.log.2.gz', 'access.log.1', 'access.log'];
  // As a shell expands access*, between two others.
  const given = ['z.log', 'access.log', 'access.log.1', 'access.log.10.gz', 'access.log.2.gz', 'a.log'];
  expect(orderLogs(given)).toEqual(['z.log', ...oldestFirst, 'a.log']);
});

it('the parts of a log rotated by date come oldest first', () => {
  expect(
    orderLogs(['a.log', 'a.log-20240131', 'a.log-20231231.gz', 'a.log-2024-02-01.zst', 'b.log']),
  ).toEqual(['a.log-20231231.gz', 'a.log-20240131', 'a.log-2024-02-01.zst', 'a.log', 'b.log']);
  expect(orderLogs(['a.log-20240131-0200', 'a.log-20240131-0100'])).toEqual([
    'a.log-20240131-0100',
    'a.log-20240131-0200',
  ]);
});

it('logs of the same name in other folders are other logs', () => {
  expect(orderLogs(['b/access.log', 'b/access.log.1', 'a/access.log', 'a/access.log.1'])).toEqual([
    'b/access.log.1',
    'b/access.log',
    'a/access.log.1',
    'a/access.log',
  ]);
});

it('numbers that do not come from rotation stay as they are', () => {
  expect(orderLogs(['part.1', 'part.2', 'traefik.json', 'traefik.json.1'])).toEqual([
    'part.1',
    'part.2',
    'traefik.json.1',
    'traefik.json',
  ]);
});
