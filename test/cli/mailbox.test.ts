import { describe, expect, it } from 'vitest';
import { createMailbox } from '../../cli/mailbox.ts';

const item = (n: number) => ({ n });

describe('createMailbox', () => {
  it('gives out what was put in, in order, at most as much as is asked for', async () => {
    const mailbox = createMailbox<{ n: number }>(10);
    for (const n of [1, 2, 3]) mailbox.put(item(n));
    expect(await mailbox.take(2)).toEqual([item(1), item(2)]);
    expect(await mailbox.take(2)).toEqual([item(3)]);
  });

  it('waits for the first item', async () => {
    const mailbox = createMailbox<{ n: number }>(10);
    const taken = mailbox.take(5);
    mailbox.put(item(1));
    expect(await taken).toEqual([item(1)]);
  });

  it('has no room while it is full, and room again once something is taken', async () => {
    const mailbox = createMailbox<{ n: number }>(2);
    await mailbox.room();
    mailbox.put(item(1));
    mailbox.put(item(2));
    let hasRoom = false;
    const room = mailbox.room().then(() => {
      hasRoom = true;
    });
    await Promise.resolve();
    expect(hasRoom).toBe(false);
    await mailbox.take(1);
    await room;
    expect(hasRoom).toBe(true);
  });

  it('gives out what is left once it is closed, then nothing, and lets go of who waits', async () => {
    const mailbox = createMailbox<{ n: number }>(1);
    mailbox.put(item(1));
    const room = mailbox.room();
    mailbox.close();
    await room;
    expect(await mailbox.take(5)).toEqual([item(1)]);
    expect(await mailbox.take(5)).toEqual([]);
  });

  it('throws what it was closed with', async () => {
    const mailbox = createMailbox<{ n: number }>(1);
    const taken = mailbox.take(1);
    mailbox.close(new Error('gone'));
    await expect(taken).rejects.toThrow('gone');
  });
});
