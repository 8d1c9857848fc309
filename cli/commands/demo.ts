/** `reprise demo`, which `npm start` runs: the shipped sample log against a server of our own, ten times as fast as recorded. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { overrideRules, ruleSetForTarget } from '../../core/rules/override.ts';
import { DEFAULT_SEED } from '../../core/rules/rule-set.ts';
import { startDemoServer } from '../../io/demo-server.ts';
import { findLogs } from '../../io/log-files.ts';
import { type Command, writeTo } from '../context.ts';
import { openLogFeed } from '../feed.ts';
import { showReplay } from './replay.ts';

export interface DemoOptions {
  readonly speed: number;
  readonly outDir: string;
  readonly json: boolean;
}

/** The sample log, from the sources or from what was built of them. */
const samplePath = (): string => {
  const places = ['../..', '../../..'].map((up) => join(import.meta.dirname, up, 'demo/access.log.gz'));
  return places.find((path) => existsSync(path)) ?? (places[0] as string);
};

/** Runs `reprise demo`. */
export const demoCommand: Command<DemoOptions> = async ({ speed, outDir, json }, context) => {
  const server = await startDemoServer();
  try {
    const ruleSet = overrideRules(ruleSetForTarget(server.url, 'demo'), { speed });
    const found = await findLogs([samplePath()], { cwd: context.cwd });
    const inputs = found.map((input) => ({ ...input, name: 'demo/access.log.gz' }));
    const intro = `Replaying demo/access.log.gz, a recorded nginx log of five minutes, at ${speed}x against a demo server on ${server.url}\n`;
    await writeTo(context.stderr, intro);
    const code = await showReplay(
      {
        ruleSet,
        seed: DEFAULT_SEED,
        inputs,
        isLive: false,
        outDir,
        json,
        openFeed: (run) => openLogFeed({ inputs, ruleSet, seed: DEFAULT_SEED }, run),
      },
      context,
    );
    await writeTo(
      context.stderr,
      `\nThe report is in ${join(outDir, 'report.json')}. With your own log: reprise replay access.log --target http://127.0.0.1:8080\n`,
    );
    return code;
  } finally {
    await server.close();
  }
};
