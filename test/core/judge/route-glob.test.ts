import { describe, expect, it } from 'vitest';
import { routeMatcher } from '../../../core/judge/route-glob.ts';

const CART = 'GET shop.example.com/cart/{id}';

describe('the glob of a route', () => {
  it.each<[glob: string, route: string, isMatch: boolean]>([
    ['GET /cart/{id}', CART, true],
    ['GET /cart/*', CART, true],
    ['GET /cart/*', 'GET /cart/{id}', true],
    ['GET /cart/*', 'GET shop.example.com/cart', false],
    ['GET /cart/*', 'GET shop.example.com/cart/{id}/items', false],
    ['GET /cart/**', 'GET shop.example.com/cart/{id}/items', true],
    ['GET /*/items', 'GET shop.example.com/cart/items', true],
    ['POST /cart/*', CART, false],
    ['get /cart/*', CART, false],
    ['* /cart/*', CART, true],
    ['* /cart/*', 'POST other.example.com/cart/{id}', true],
    ['GET shop.example.com/cart/*', CART, true],
    ['GET Shop.Example.COM/cart/*', CART, true],
    ['GET *.example.com/cart/*', CART, true],
    ['GET example.com/cart/*', CART, false],
    ['GET shop.example.com/cart/*', 'GET /cart/{id}', false],
    ['GET /', 'GET shop.example.com/', true],
    ['GET /', CART, false],
    ['GET /**', CART, true],
    ['GET **', CART, true],
    ['* **', 'PURGE /x', true],
    ['GET **', 'POST /x', false],
    ['* **', 'other', false],
    ['GET /a/…', 'GET h/a/…', true],
    ['GET //a', 'GET h//a', true],
  ])('%s: %s is %s', (glob, route, isMatch) => {
    expect(routeMatcher(glob)(route)).toBe(isMatch);
  });
});
