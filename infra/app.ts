/** Where the CDK starts: reads the settings, makes the app, and says in plain words what is wrong with either. */

import { App } from 'aws-cdk-lib';
import { RepriseError } from '../core/errors.ts';
import { createStack } from './create-stack.ts';

// Synthesised below, and not at all after an error.
const app = new App({ autoSynth: false });
try {
  const { notes } = await createStack(app);
  app.synth();
  // Not as annotations, which the CDK wraps into where they come from and how to silence them.
  for (const note of notes) process.stderr.write(`${note}\n`);
} catch (error) {
  if (!(error instanceof RepriseError)) throw error;
  const hint = error.hint === undefined ? '' : `hint: ${error.hint}\n`;
  process.stderr.write(`error: ${error.message}\n${hint}`);
  process.exitCode = error.exitCode;
}
