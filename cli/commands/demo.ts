/** `reprise demo`, which `npm start` runs: the shipped sample log against a server of our own, ten times as fast as recorded. */

import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { overrideRules, ruleSetForTarget } from '../../core/rules/override.ts';
import { DEFAULT_SEED } from '../../core/rules/rule-set.ts';
import { startDemoServer } from '../../io/demo-server.ts';
import { findLogs } from '../../io/log-files.ts';
import { type Command, writeTo } from '../context.ts';
import { watchInterrupts } from '../interrupts.ts';
import { openLogFeed } from '../log-feed.ts';
import { showReplay } from './replay.ts';

export interface DemoOptions {
  readonly speed: number;
  readonly outDir: string;
  readonly json: boolean;
}

const SAMPLE = 'demo/access.log.gz';

/** The sample log, from the sources or from what was built of them. */
const samplePath = (): string => {
  const places = ['../..', '../../..'].map((up) => join(import.meta.dirname, up, SAMPLE));
  return places.find((path) => existsSync(path)) ?? (places[0] as string);
};

/** Runs `reprise demo`. */
export const demoCommand: Command<DemoOptions> = async ({ speed, outDir, json }, context) => {
  const { cwd, stderr } = context;
  const interrupts = watchInterrupts(context.onInterrupt);
  const server = await startDemoServer();
  try {
    // At full speed from the first second on: the server is our own, and the run is to be short.
    const ruleSet = overrideRules(ruleSetForTarget(server.url, 'demo'), { speed, rampMs: 0 });
    const found = await findLogs([samplePath()], { cwd });
    const inputs = found.map((input) => ({ ...input, name: SAMPLE }));
    const intro = `Replaying ${SAMPLE}, five minutes of nginx, at ${speed}x\nagainst a demo server on ${server.url}\n`;
    await writeTo(stderr, `${intro}\n`);
    const code = await showReplay(
      {
        ruleSet,
        seed: DEFAULT_SEED,
        inputNames: [SAMPLE],
        isLive: false,
        outDir: resolve(cwd, outDir),
        json,
        openFeed: (run) => openLogFeed({ inputs, ruleSet, seed: DEFAULT_SEED }, run),
      },
      context,
      interrupts,
    );
    await writeTo(
      stderr,
      `\nThe report is in ${join(outDir, 'report.json')}. With your own log:\n  npx reprise replay access.log --target http://127.0.0.1:8080\n`,
    );
    return code;
  } finally {
    interrupts.release();
    await server.close();
  }
};
