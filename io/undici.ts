/**
 * What we use of undici, without the rest of it: its index loads `fetch`, WebSocket, caches and mocks too, which take a quarter of a
 * sender's cold start. These paths are not public, so that undici's version is pinned, and a test compares them with the index. It is
 * the index, too, that gives them `request` and its like: here there is `dispatch` alone.
 */

import Client from 'undici/lib/dispatcher/client.js';
import Pool from 'undici/lib/dispatcher/pool.js';

export { Client, Pool };
