import { beforeAll, describe, expect, it } from 'vitest';
import { everything } from './everything.ts';
import { type Synthesised, synthesise, writeRules } from './synthesise.ts';

const MIXED = `
version: 1
targets:
  local: { url: "http://localhost:8080" }
  staging: { url: "https://staging.example.com" }
  inner: { url: "http://[::1]" }
rules: [{ name: a, target: staging, match: { host: api.example.com } }]
`;

const loopback = (name: string, origin: string): string =>
  `target ${name} is ${origin}, loopback: nothing will be sent to it, and cdk deploy asks for the parameter DeployWithLoopbackTarget; ` +
  `give it another url in the rules, or put "target": "${name}=https://…" into the context of cdk.json, or give -c target=${name}=https://…`;

let plain: Synthesised;
let full: Synthesised;
let mixed: Synthesised;
let emulator: Synthesised;

beforeAll(async () => {
  plain = await synthesise();
  full = await synthesise(everything());
  mixed = await synthesise({ rules: writeRules(MIXED), 'sender.reservedConcurrency': 'none' });
  emulator = await synthesise({ profile: 'emulator' });
}, 60_000);

describe('notes', () => {
  it('tell how many senders there may be', () => {
    expect(plain.notes[0]).toBe('senders: up to 4 at once when every target is slow; 50 are reserved');
    expect(mixed.notes[0]).toBe('senders: up to 11 at once when every target is slow; none are reserved');
  });

  it('tell of secrets that no rule uses', () => {
    expect(full.notes.slice(1)).toEqual([
      'secrets: no rule uses UNUSED, so senders may not read /other/token',
    ]);
  });

  it('tell of targets to which nothing will be sent', () => {
    expect(plain.notes.slice(1)).toEqual([loopback('local', 'http://127.0.0.1:8080')]);
    expect(mixed.notes.slice(1)).toEqual([
      loopback('local', 'http://localhost:8080'),
      loopback('inner', 'http://[::1]'),
    ]);
    expect(emulator.notes).toHaveLength(1);
  });

  it('are no annotations, which the CDK would wrap', () => {
    for (const { infos, warnings } of [plain, full, mixed, emulator])
      expect([...infos, ...warnings]).toEqual([]);
  });
});

describe('a stack with a target on loopback', () => {
  it('has a parameter without a default, so that the CDK does not deploy it unasked', () => {
    expect(plain.parameters.DeployWithLoopbackTarget).toEqual({
      Type: 'String',
      AllowedValues: ['yes'],
      ConstraintDescription: 'yes, to deploy a stack that sends nothing there',
      Description: 'loopback, where nobody listens in Lambda: local',
    });
    expect(mixed.parameters).toHaveProperty('DeployWithLoopbackTarget');
  });

  it('is the only one with it', () => {
    for (const { parameters } of [full, emulator])
      expect(Object.keys(parameters)).not.toContain('DeployWithLoopbackTarget');
  });
});
