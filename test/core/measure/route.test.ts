import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pathOf, routeOf } from '../../../core/measure/route.ts';

const templateOf = (path: string): string => routeOf(undefined, 'GET', path).slice('GET '.length);

describe('routeOf', () => {
  it('joins method, host and templated path', () => {
    expect(routeOf('Shop.Example.com', 'GET', '/cart/42?token=s3cret')).toBe(
      'GET shop.example.com/cart/{id}',
    );
    expect(routeOf(undefined, 'POST', '/login')).toBe('POST /login');
    expect(routeOf('a.test', 'OPTIONS', '*')).toBe('OPTIONS a.test/*');
  });

  it.each([
    ['/', '/'],
    ['/a//b/', '/a//b/'],
    ['/catalog/shoes', '/catalog/shoes'],
    ['/v1/users', '/v1/users'],
    ['/users/7', '/users/{id}'],
    ['/users/7/orders/981273', '/users/{id}/orders/{id}'],
    ['/o/3F2504E0-4F89-11D3-9A0C-0305E82C3301/x', '/o/{uuid}/x'],
    ['/img/3f2504e0-4f89-11d3-9a0c-0305e82c3301.png', '/img/{uuid}.png'],
    ['/o/507f1f77bcf86cd799439011', '/o/{hash}'],
    ['/static/app.9f8e7d.js', '/static/app.{hash}.js'],
    ['/static/vendors-4aa12bd0.css', '/static/vendors-{hash}.css'],
    ['/assets/index-BfX3k9Qz.js', '/assets/index-{hash}.js'],
    ['/assets/iPhone15Pro', '/assets/iPhone15Pro'],
    ['/js/jquery-3.6.0.min.js', '/js/jquery-3.6.0.min.js'],
    ['/img/12.jpg', '/img/{id}.jpg'],
    ['/p/red-shoes-48213.html', '/p/red-shoes-{id}.html'],
    ['/reset/Zk3Pq9xW2mLr8TtYbN4c', '/reset/{token}'],
    ['/reset/Zk3Pq9xW2mLr-8TtY_bN4cQ', '/reset/{token}'],
    ['/t/abcdefghijklmnopqrstuvwxyzabcdefghijklmnop', '/t/{token}'],
    ['/t/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-DEF_123', '/t/{token}'],
    ['/blog/the-10-best-restaurants-in-paris-this-year', '/blog/the-10-best-restaurants-in-paris-this-year'],
    ['/getUserNotificationSettings', '/getUserNotificationSettings'],
    ['/c/cus_NffrFeUfNV2Hib', '/c/cus_{hash}'],
    ['/report/2024-05-03', '/report/{date}'],
    ['/report/2024-05-03T10%3A00%3A00Z/x', '/report/{date}/x'],
    ['/logs/app-2024-05-03.log', '/logs/app-{date}.log'],
    ['/users/jane.doe%40example.com/cart', '/users/{email}/cart'],
    ['/users/jane@example.com', '/users/{email}'],
    ['/npm/@scope/pkg', '/npm/@scope/pkg'],
    ['/npm/lodash@4.17.21/x.js', '/npm/lodash@4.17.21/x.js'],
    ['/app;jsessionid=1A2B3C/view', '/app/view'],
    ['/search/foo%20bar', '/search/foo%20bar'],
    ['/a/b/c/d/e/f/g/h', '/a/b/c/d/e/f/g/h'],
    ['/a/b/c/d/e/f/g/h/i/j', '/a/b/c/d/e/f/g/h/…'],
  ])('folds %s to %s', (path, template) => {
    expect(templateOf(path)).toBe(template);
    expect(templateOf(path), 'and again, from the cache').toBe(template);
  });

  it('shows no character that a terminal might obey', () => {
    expect(routeOf('a\u001b[2J.test', 'G\u0003T', '/x')).toBe('G?T a?[2j.test/x');
  });

  it('never holds the query, and stays within 200 characters and eight segments', () => {
    const path = fc.array(fc.string({ unit: 'grapheme-ascii', maxLength: 300 }), { maxLength: 12 });
    fc.assert(
      fc.property(path, (segments) => {
        const target = `/${segments.join('/').replaceAll(/[?#]/g, '')}?secret=QQQ&x=1#QQQ`;
        const route = routeOf('h.test', 'GET', target);
        expect(route.length).toBeLessThanOrEqual(200);
        expect(route).not.toContain('?secret');
        expect(route.split('/').length).toBeLessThanOrEqual(10);
        expect(routeOf('h.test', 'GET', target)).toBe(route);
      }),
    );
  });

  it('takes no longer than 50 ms for a path of a megabyte', () => {
    for (const text of ['1-', 'a', '/', '@', '%40', 'aA1', '2024-']) {
      const target = `/${text.repeat(1_000_000 / text.length)}`;
      expect(routeOf('h.test', 'GET', target).length).toBeLessThanOrEqual(200);
    }
  }, 1000);
});

describe('pathOf', () => {
  it('is the target without query and fragment', () => {
    expect(pathOf('/a/b?c=d#e')).toBe('/a/b');
    expect(pathOf('/a/b#e?f')).toBe('/a/b');
    expect(pathOf('/a/b')).toBe('/a/b');
  });
});
