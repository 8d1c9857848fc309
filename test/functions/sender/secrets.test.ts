import { describe, expect, it } from 'vitest';
import { createSecrets, SECRETS_MAX_AGE_MS } from '../../../functions/sender/secrets.ts';
import { thrownBy } from '../../support/errors.ts';

const noLog = (): void => undefined;

describe('secrets', () => {
  /** A store of `A` from `/p`, whose parameters and clock the test turns. */
  const storeOf = () => {
    const world = {
      nowMs: 1_000,
      reads: 0,
      isDown: false,
      parameters: new Map([['/p', 'old']]),
      logged: [] as string[],
    };
    const read = async () => {
      world.reads += 1;
      if (world.isDown) throw new Error('no way to https://ssm/?x-amz-security-token=abc');
      return new Map(world.parameters);
    };
    const secrets = createSecrets({
      names: ['A'],
      parameters: { A: '/p' },
      read,
      wallClock: () => world.nowMs,
      log: ({ message }) => world.logged.push(message),
    });
    return { world, secrets };
  };
  /** What was begun in the background ends. */
  const turn = () => new Promise((resolve) => setImmediate(resolve));

  it('are read once for slices that come together, and not where there are none', async () => {
    let reads = 0;
    const read = async () => {
      reads += 1;
      return new Map([['/p', 'v']]);
    };
    const rest = { read, wallClock: () => 0, log: noLog };
    const secrets = createSecrets({ names: ['A', 'B'], parameters: { A: '/p', B: '/p' }, ...rest });
    await Promise.all([secrets.load(), secrets.load()]);
    await secrets.load();
    expect(reads).toBe(1);
    expect([secrets.env('A'), secrets.env('B')]).toEqual(['v', 'v']);
    await createSecrets({ names: [], parameters: {}, ...rest }).load();
    expect(reads).toBe(1);
  });

  it('that cannot be read fail with words of their own', async () => {
    const { world, secrets } = storeOf();
    world.isDown = true;
    await secrets.load();
    expect(thrownBy(() => secrets.env('A'))).toMatchObject({
      code: 'HEADER_ENV_MISSING',
      message: 'secret A could not be read from SSM',
    });
    expect(thrownBy(() => secrets.env('B')).message).toBe('secret B is not known to the sender');
    expect(world.logged).toEqual(['Error: no way to https://ssm/', 'secret A could not be read from SSM']);
  });

  it('are read again after 5 min, without a slice waiting for it', async () => {
    const { world, secrets } = storeOf();
    await secrets.load();
    world.parameters.set('/p', 'new');
    world.nowMs += SECRETS_MAX_AGE_MS - 1;
    await secrets.load();
    expect(world.reads).toBe(1);
    world.nowMs += 1;
    const loaded = secrets.load();
    expect(secrets.env('A')).toBe('old');
    await loaded;
    await turn();
    expect(secrets.env('A')).toBe('new');
    expect(world.reads).toBe(2);
  });

  it('are kept as they are while they cannot be read, and asked for again half a minute later', async () => {
    const { world, secrets } = storeOf();
    await secrets.load();
    world.parameters.set('/p', 'new');
    world.isDown = true;
    world.nowMs += SECRETS_MAX_AGE_MS;
    await secrets.load();
    await turn();
    expect(secrets.env('A')).toBe('old');
    expect(world.logged).toEqual(['Error: no way to https://ssm/']);
    world.isDown = false;
    world.nowMs += 29_999;
    await secrets.load();
    expect(world.reads).toBe(2);
    world.nowMs += 1;
    await secrets.load();
    await turn();
    expect(secrets.env('A')).toBe('new');
  });

  it.each([
    ['deleted', undefined, 'secret A: SSM parameter /p is missing or empty'],
    ['broken', 'new\n', 'secret A: SSM parameter /p holds control bytes, such as a newline'],
  ])('that were %s meanwhile are not sent any more', async (_name, value, message) => {
    const { world, secrets } = storeOf();
    await secrets.load();
    if (value === undefined) world.parameters.delete('/p');
    else world.parameters.set('/p', value);
    world.nowMs += SECRETS_MAX_AGE_MS;
    await secrets.load();
    await turn();
    expect(thrownBy(() => secrets.env('A'))).toMatchObject({ code: 'HEADER_ENV_MISSING', message });
    // From now on slices wait for it, as at the start.
    world.parameters.set('/p', 'mended');
    await secrets.load();
    expect(secrets.env('A')).toBe('mended');
  });
});
