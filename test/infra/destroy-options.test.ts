import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { confirmDestroy, readDestroyOptions } from '../../tools/destroy-options.ts';

const USAGE = 'npm run destroy -- [--stack NAME] [--profile AWS_PROFILE] [-c SETTING=VALUE] [--yes]';

describe('options', () => {
  it('are stack, profile and settings', () => {
    const args = ['--stack', 'eu', '-c', 'retain=true', '--context', 'delaySeconds=300', '--yes'];
    expect(readDestroyOptions(args, {})).toEqual({
      stack: 'eu',
      profile: undefined,
      given: [
        ['retain', 'true'],
        ['delaySeconds', '300'],
      ],
      yes: true,
      help: false,
    });
  });

  it.each([
    ['npm_config_call', 'stackName=eu'],
    ['npm_config_stack', 'eu'],
    ['npm_config_yes', 'true'],
  ])('that npm kept for itself (%s) are not overlooked', (name, value) => {
    expect(() => readDestroyOptions([], { [name]: value })).toThrow(
      expect.objectContaining({
        code: 'ARGUMENT_INVALID',
        message: `npm kept ${name}=${value} for itself`,
        hint: `put -- before the options: ${USAGE}`,
      }),
    );
  });
});

describe('the question', () => {
  const ask = (typed: string): { readonly answer: Promise<void>; readonly shown: () => string } => {
    const stdin = Object.assign(new PassThrough(), { isTTY: true });
    const stdout = new PassThrough();
    let shown = '';
    stdout.setEncoding('utf8').on('data', (text: string) => {
      shown += text;
    });
    const answer = confirmDestroy('prod', ['bucket logs: will go'], { stdin, stdout });
    stdin.write(`${typed}\n`);
    return { answer, shown: () => shown };
  };

  it('shows what goes, and takes the name of the stack for a yes', async () => {
    const { answer, shown } = ask('prod');
    await answer;
    expect(shown()).toContain('bucket logs: will go\n');
    expect(shown()).toContain("type the stack's name (prod) to go on: ");
  });

  it.each(['', 'yes', 'prod-eu'])('takes %j for a no', async (typed) => {
    await expect(ask(typed).answer).rejects.toMatchObject({
      code: 'NOT_CONFIRMED',
      message: `the stack prod was not touched: "${typed}" was typed`,
    });
  });

  it('is not passed over where nobody can be asked', async () => {
    const stdin = Object.assign(new PassThrough(), { isTTY: false });
    await expect(confirmDestroy('prod', [], { stdin, stdout: new PassThrough() })).rejects.toMatchObject({
      code: 'NOT_CONFIRMED',
      message: 'the stack prod was not touched: there is no terminal to ask on',
      hint: 'npm run destroy -- --yes does not ask',
    });
  });
});

it('takes the end of the input for a no', async () => {
  const stdin = Object.assign(new PassThrough(), { isTTY: true });
  const answer = confirmDestroy('prod', [], { stdin, stdout: new PassThrough() });
  stdin.end();
  await expect(answer).rejects.toMatchObject({
    code: 'NOT_CONFIRMED',
    message: 'the stack prod was not touched: nothing was typed',
  });
});
