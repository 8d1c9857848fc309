#!/usr/bin/env node
// Starts the built program where there is one (the npm package), else the TypeScript sources as they are (a checkout).
import './check-node.js';
import './early-interrupt.js';
import { existsSync } from 'node:fs';

const sources = new URL('../cli/main.ts', import.meta.url);
await import(existsSync(sources) ? sources.href : new URL('../dist/cli/main.js', import.meta.url).href);
