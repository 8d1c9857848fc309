/** The functions as `cdk synth` made them: their bundles, and what the template says of them. */

import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../support/project-files.ts';

/** A function of the stack. */
export interface Bundle {
  /** Logical id in the template. */
  readonly name: string;
  /** Folder whose zip would be uploaded. */
  readonly folder: string;
  readonly handler: string;
  readonly runtime: string;
  readonly memoryMb: number;
  readonly timeoutMs: number;
  /** Environment variables; what only a deployment knows is given as its logical id. */
  readonly env: Readonly<Record<string, string>>;
}

interface Resource {
  readonly Type: string;
  readonly Properties: {
    readonly Handler: string;
    readonly Runtime: string;
    readonly MemorySize: number;
    readonly Timeout: number;
    readonly Code: { readonly S3Key: string };
    readonly Environment?: { readonly Variables: Readonly<Record<string, unknown>> };
  };
}

/** The CDK's command line, which is pinned. */
export const CDK = join(ROOT, 'node_modules/aws-cdk/bin/cdk');

/** Text as it is; a reference (`Ref`, `Fn::GetAtt`) as the logical id that it names. */
const plain = (value: unknown): string => {
  if (typeof value === 'string') return value;
  const [named] = Object.values(value as Record<string, unknown>);
  return String(Array.isArray(named) ? named[0] : named);
};

const bundleOf = (folder: string, [name, { Properties }]: readonly [string, Resource]): Bundle => ({
  name,
  folder: join(folder, `asset.${Properties.Code.S3Key.replace(/\.zip$/, '')}`),
  handler: Properties.Handler,
  runtime: Properties.Runtime,
  memoryMb: Properties.MemorySize,
  timeoutMs: Properties.Timeout * 1_000,
  env: Object.fromEntries(
    Object.entries(Properties.Environment?.Variables ?? {}).map(([key, value]) => [key, plain(value)]),
  ),
});

/** Synthesises the stack into `folder` and gives its functions. `context` as `-c` takes it. */
export const synthesise = (folder: string, context: Readonly<Record<string, string>>): readonly Bundle[] => {
  const settings = Object.entries(context).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
  const { status, stderr } = spawnSync(process.execPath, [CDK, 'synth', '-q', '-o', folder, ...settings], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`cdk synth ended with ${status}:\n${stderr}`);
  const template = readdirSync(folder).find((name) => name.endsWith('.template.json')) ?? '';
  const { Resources } = JSON.parse(readFileSync(join(folder, template), 'utf8')) as {
    Resources: Record<string, Resource>;
  };
  return Object.entries(Resources)
    .filter(([, { Type }]) => Type === 'AWS::Lambda::Function')
    .map((entry) => bundleOf(folder, entry));
};

/** The one whose logical id begins with `name`, whatever its case. */
export const bundleNamed = (bundles: readonly Bundle[], name: string): Bundle => {
  const found = bundles.filter((bundle) => bundle.name.toLowerCase().startsWith(name));
  const [bundle] = found;
  if (bundle === undefined || found.length > 1) {
    throw new Error(`${found.length} functions named ${name}…, of ${bundles.map((each) => each.name)}`);
  }
  return bundle;
};
