import { execFileSync, spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { onOneCore } from '../../bench/one-core.ts';

const canPin = process.platform === 'linux' && spawnSync('taskset', ['--version']).status === 0;

it('leaves a process one core where the system can, and the command as it is elsewhere', () => {
  const command = [process.execPath, '-p', 'os.availableParallelism()'] as const;
  const [file, ...args] = onOneCore([...command]);
  const cores = Number(execFileSync(file, args, { encoding: 'utf8' }));
  if (canPin) expect(cores).toBe(1);
  else expect([file, ...args]).toEqual(command);
});
