/** `reprise demo`, which `npm start` runs: the shipped sample log against a server of our own, ten times as fast as recorded. */

import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseRuleGate } from '../../core/rules/gates.ts';
import { overrideRules, ruleSetForTarget } from '../../core/rules/override.ts';
import { DEFAULT_SEED, type RuleSet } from '../../core/rules/rule-set.ts';
import { startDemoServer } from '../../io/demo-server.ts';
import { findLogs } from '../../io/log-files.ts';
import { type Command, writeTo } from '../context.ts';
import { filesRead } from '../files-read.ts';
import { watchInterrupts } from '../interrupts.ts';
import { openLogFeed } from '../log-feed.ts';
import { type ShowOptions, showReplay } from '../show-replay.ts';

export interface DemoOptions extends ShowOptions {
  readonly speed: number;
  readonly outDir: string;
}

const SAMPLE = 'demo/access.log.gz';

/** The sample log, from the sources or from what was built of them. */
const samplePath = (): string => {
  const places = ['../..', '../../..'].map((up) => join(import.meta.dirname, up, SAMPLE));
  return places.find((path) => existsSync(path)) ?? (places[0] as string);
};

/** They hold, though searches are slower than recorded: a demo shows first what a run looks like in which all is well. */
const GATES = ['statusMatch >= 98%', 'failed < 0.1%', 'p95 <= 2x recorded', 'each route status5xx <= 5%'];
/** Nobody sends what makes a 304 of a 200; and a client that went away (499) is answered now. */
const STATUS_MAP = { 304: 200, 499: 'any' } as const;

const withGates = (ruleSet: RuleSet): RuleSet => ({
  ...ruleSet,
  rules: ruleSet.rules.map((rule) => ({
    ...rule,
    statusMap: STATUS_MAP,
    gates: GATES.map((text) => parseRuleGate(text, rule.name)).filter((gate) => gate.kind === 'gate'),
  })),
});

const outro = (outDir: string): string => `
With your own log, and a gate for CI:
  npx reprise replay access.log --target http://127.0.0.1:8080 --gate "p95 <= 1.2x recorded"

Every figure is in ${join(outDir, 'report.json')}, and the report, as a page to open, in
  ${join(outDir, 'report.html')}
`;

/** Runs `reprise demo`. */
export const demoCommand: Command<DemoOptions> = async ({ speed, outDir, ...shown }, context) => {
  const { cwd, stderr } = context;
  const interrupts = watchInterrupts(context.onInterrupt);
  const server = await startDemoServer();
  const tell = async (text: string): Promise<void> => {
    if (!shown.quiet) await writeTo(stderr, text);
  };
  try {
    // At full speed from the first second on: the server is our own, and the run is to be short.
    const ruleSet = withGates(overrideRules(ruleSetForTarget(server.url, 'demo'), { speed, rampMs: 0 }));
    const found = await findLogs([samplePath()], { cwd });
    const inputs = found.map((input) => ({ ...input, name: SAMPLE }));
    await tell(
      `Replaying ${SAMPLE}, five minutes of nginx, at ${speed}x\nagainst a demo server on ${server.url}\n\n`,
    );
    const code = await showReplay(
      {
        ...shown,
        ruleSet,
        gates: [],
        seed: DEFAULT_SEED,
        inputNames: [SAMPLE],
        isLive: false,
        outDir: resolve(cwd, outDir),
        sources: await filesRead({ inputs: found }, context),
        openFeed: (run) => openLogFeed({ inputs, ruleSet, seed: DEFAULT_SEED }, run),
      },
      context,
      interrupts,
    );
    await tell(outro(outDir));
    return code;
  } finally {
    interrupts.release();
    await server.close();
  }
};
