#!/usr/bin/env -S node --max-semi-space-size=4 --heap-growing-percent=80
// Memory: most of what a log leaves behind dies at once, and V8 would give it three times 64 MB of room; in 4 MB it dies as well.
// Starts the built program where there is one (the npm package), else the TypeScript sources as they are (a checkout).
import './check-node.js';
import './early-interrupt.js';
import { existsSync } from 'node:fs';

const sources = new URL('../cli/main.ts', import.meta.url);
await import(existsSync(sources) ? sources.href : new URL('../dist/cli/main.js', import.meta.url).href);
