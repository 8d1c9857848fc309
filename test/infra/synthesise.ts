/** Stacks made in tests: real in all but the code of their functions, which is a line each. */

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Validations } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { afterAll } from 'vitest';
import type { FunctionAssets } from '../../infra/bundle.ts';
import { createStack } from '../../infra/create-stack.ts';
import { ROOT } from '../support/project-files.ts';

export type Context = Readonly<Record<string, unknown>>;
export type Json = Readonly<Record<string, unknown>>;

/** A resource of a template. */
export interface Resource extends Json {
  readonly Type: string;
  readonly Properties: Json;
  readonly DependsOn?: readonly string[];
  readonly DeletionPolicy?: string;
}

export interface Synthesised {
  /** The assembly. */
  readonly folder: string;
  readonly template: Template;
  readonly resources: Readonly<Record<string, Resource>>;
  readonly outputs: Readonly<Record<string, { readonly Value: unknown; readonly Description: string }>>;
  readonly parameters: Readonly<Record<string, Json>>;
  /** Lines that go to people. */
  readonly notes: readonly string[];
  /** Texts of annotations. */
  readonly infos: readonly string[];
  readonly warnings: readonly string[];
  /** Findings of cdk-nag that the stack lets stand. */
  readonly acknowledged: readonly { readonly path: string; readonly id: string; readonly reason: string }[];
}

const root = mkdtempSync(join(tmpdir(), 'reprise-infra-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** A folder that goes when the tests of the file end. */
export const createFolder = (): string => mkdtempSync(join(root, 'f-'));

/** What cdk.json says. */
export const cdkJson = JSON.parse(readFileSync(join(ROOT, 'cdk.json'), 'utf8')) as {
  readonly context: Context;
  readonly [key: string]: unknown;
};

const stubAssets = (): FunctionAssets => {
  const folder = createFolder();
  const asset = (name: string): string => {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, 'index.mjs'), `export const handler = async () => '${name}';\n`);
    return join(folder, name);
  };
  return {
    planner: asset('planner'),
    sender: asset('sender'),
    breaker: asset('breaker'),
    report: asset('report'),
  };
};

/** Writes a rule file, and gives its path. */
export const writeRules = (text: string, name = 'rules.yaml'): string => {
  const path = join(createFolder(), name);
  writeFileSync(path, text);
  return path;
};

/** Synthesises a stack with the context of cdk.json and what is given over it; the validator and cdk-nag run along. */
export const synthesise = async (context: Context = {}): Promise<Synthesised> => {
  const folder = createFolder();
  const app = new App({ context: { ...cdkJson.context, ...context }, outdir: folder });
  const { stack, notes } = await createStack(app, stubAssets);
  const template = Template.fromStack(stack);
  const { Resources, Parameters, Outputs } = template.toJSON() as {
    Resources: Record<string, Resource>;
    Parameters: Record<string, Json>;
    Outputs: Synthesised['outputs'];
  };
  const messages = app.synth().getStackArtifact(stack.artifactId).messages;
  const of = (level: string): readonly string[] =>
    messages.filter((message) => String(message.level) === level).map(({ entry }) => String(entry.data));
  const acknowledged = stack.node.findAll().flatMap(({ node }) =>
    node.metadata
      .filter(({ type }) => type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY)
      .flatMap(({ data }) => Object.entries(data as Readonly<Record<string, string>>))
      .map(([id, reason]) => ({ path: node.path, id, reason })),
  );
  return {
    folder,
    template,
    resources: Resources,
    parameters: Parameters,
    outputs: Outputs,
    notes,
    infos: of('info'),
    warnings: of('warning'),
    acknowledged,
  };
};

/** Resources of a type, by logical id. */
export const resourcesOf = (
  { resources }: Pick<Synthesised, 'resources'>,
  type: string,
): readonly (readonly [string, Resource])[] =>
  Object.entries(resources).filter(([, resource]) => resource.Type === type);

/** Text of a value in a template: references in angle brackets; of what depends on a condition, what is there without it. */
export const textOf = (value: unknown): string => {
  if (typeof value !== 'object' || value === null) return String(value);
  if ('Ref' in value) return `<${String(value.Ref)}>`;
  if ('Fn::GetAtt' in value) return `<${(value['Fn::GetAtt'] as string[]).join('.')}>`;
  if ('Fn::If' in value) return textOf((value['Fn::If'] as unknown[])[2]);
  if ('Fn::Join' in value) {
    const [separator, parts] = value['Fn::Join'] as [string, unknown[]];
    return parts.map(textOf).join(separator);
  }
  return JSON.stringify(value);
};
