import { describe, expect, it } from 'vitest';
import { admit } from '../../io/live-guards.ts';

const TOKEN = 'a'.repeat(22);
const FORBIDDEN = { kind: 'refused', status: 403 };
const PAGE = { kind: 'file', name: '' };

const look = (port: number, headers: Readonly<Record<string, string>>) =>
  admit({ method: 'GET', url: `/${TOKEN}/`, headers }, { port, token: TOKEN });

const pause = (port: number, host: string, origin: string) =>
  admit(
    {
      method: 'POST',
      url: `/${TOKEN}/control`,
      headers: { host, origin, 'content-type': 'application/json' },
    },
    { port, token: TOKEN },
  );

describe('the guard of the live page', () => {
  it.each(['127.0.0.1', 'localhost'])('knows its page on port 80 by %s with the port and without', (name) => {
    for (const host of [name, `${name}:80`, name.toUpperCase()]) {
      expect(look(80, { host })).toEqual(PAGE);
      // No browser names the default port in an origin.
      expect(pause(80, host, `http://${name}`)).toEqual({ kind: 'control' });
      expect(look(80, { host, origin: `http://${name}` })).toEqual(PAGE);
    }
  });

  it.each(['127.0.0.1', 'localhost'])('asks for any other port to be named behind %s', (name) => {
    for (const port of [8080, 180, 8000, 443]) {
      expect(look(port, { host: `${name}:${port}` })).toEqual(PAGE);
      expect(pause(port, `${name}:${port}`, `http://${name}:${port}`)).toEqual({ kind: 'control' });
      for (const host of [name, `${name}:80`, `${name}:`]) {
        expect(look(port, { host })).toEqual(FORBIDDEN);
        expect(pause(port, host, `http://${host}`)).toEqual(FORBIDDEN);
      }
      expect(pause(port, `${name}:${port}`, `http://${name}`)).toEqual(FORBIDDEN);
    }
  });

  it('refuses on port 80 what is of another host, port or origin', () => {
    for (const host of [
      ...['', ':80', '127.0.0.1:', '127.0.0.1:8080', '127.0.0.1:80:80', '127.0.0.1:080', '127.0.0.1.:80'],
      ...['evil.example', 'evil.example:80', '127.0.0.1.evil.example', 'localhost.evil.example:80'],
    ]) {
      expect(look(80, { host })).toEqual(FORBIDDEN);
      expect(pause(80, host, `http://${host}`)).toEqual(FORBIDDEN);
    }
    expect(look(80, {})).toEqual(FORBIDDEN);
    for (const origin of ['', 'null', 'https://127.0.0.1', 'http://localhost', 'http://127.0.0.1:8080'])
      expect(pause(80, '127.0.0.1', origin)).toEqual(FORBIDDEN);
  });
});
