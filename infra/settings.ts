/** The settings of a stack: read from context, checked, every default filled in. */

import { Ajv } from 'ajv';
import { RepriseError } from '../core/errors.ts';
import { checkSettings } from './check-settings.ts';
import { faultsOf, type SettingFault, unknownSetting } from './setting-faults.ts';
import { settingsSchema } from './settings-schema.ts';

export interface VpcSettings {
  readonly vpcId: string;
  readonly subnetIds: readonly string[];
  readonly securityGroupIds: readonly string[];
  readonly availabilityZones: readonly string[];
  readonly routeTableIds?: readonly string[];
  readonly endpoints: boolean;
}

export interface Settings {
  readonly stackName: string;
  /** Path of a rule file or of a folder of them. */
  readonly rules: string;
  /** `[NAME=]URL`: takes the place of the URL of that target, or of the only one. */
  readonly target?: string;
  readonly delaySeconds: number;
  readonly timing: 'live' | 'arrival';
  readonly retentionDays: number;
  readonly sender: { readonly memoryMb: number; readonly reservedConcurrency: number | 'none' };
  readonly planner: { readonly memoryMb: number; readonly maxConcurrency: number };
  readonly report: 'hourly' | 'off';
  readonly alarmEmail?: string;
  /** Name that `fromEnv` uses → name of an SSM parameter. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly vpc?: VpcSettings;
  readonly existingLogBucket?: {
    readonly name: string;
    readonly prefix: string;
    /** Absent where S3's own keys encrypt it. */
    readonly kmsKeyArn?: string;
  };
  readonly permissionsBoundary?: string;
  readonly retain: boolean;
  readonly profile: 'aws' | 'emulator';
}

interface Schema {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
}

const ajv = new Ajv({ allErrors: true, verbose: true, allowUnionTypes: true, useDefaults: true });
ajv.addKeyword('errorMessage');
const validate = ajv.compile(settingsSchema);

const SCHEMAS: Readonly<Record<string, Schema>> = settingsSchema.properties;
const SETTING_NAMES = Object.keys(SCHEMAS);
/** With the parts of mappings. */
const ALL_NAMES = Object.entries(SCHEMAS).flatMap(([name, { properties = {} }]) => [
  name,
  ...Object.keys(properties).map((part) => `${name}.${part}`),
]);
/** Context that is not ours: feature flags, look-ups and options of the CDK all have a colon but for these. */
const CDK_CONTEXT = ['cli-telemetry', 'acknowledged-issue-numbers', 'cdk-migrate', 'tree-metadata'];
const isOfCdk = (key: string): boolean => key.includes(':') || CDK_CONTEXT.includes(key);

const isMapping = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    // Stays text, which the schema then refuses with the words for this setting.
    return text;
  }
};

/** What `-c` gives is text: numbers, `true` and `false`, lists and mappings are read out of it where the schema wants them. */
const readText = (text: string, types: readonly string[]): unknown => {
  if (types.includes('integer') && /^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  if (types.includes('boolean') && /^(true|false)$/.test(text)) return text === 'true';
  return types.some((type) => type === 'object' || type === 'array') ? parseJson(text) : text;
};

/** Values as the schema wants them; `null` is as good as left out. */
const readValue = (given: unknown, schema: Schema): unknown => {
  const value = typeof given === 'string' ? readText(given, [schema.type ?? []].flat()) : given;
  if (!isMapping(value)) return value;
  const entries = Object.entries(value).filter(([, inner]) => inner !== null);
  return Object.fromEntries(
    entries.map(([key, inner]) => [key, readValue(inner, schema.properties?.[key] ?? {})]),
  );
};

/** `sender.memoryMb` beside `sender`: a part given alone replaces that part alone. */
const mergeParts = (context: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> => {
  const merged: Record<string, unknown> = {};
  const keys = Object.keys(context).filter((key) => !isOfCdk(key));
  for (const key of keys.toSorted((a, b) => Number(a.includes('.')) - Number(b.includes('.')))) {
    const [name = '', part, ...rest] = key.split('.');
    const schema = SCHEMAS[name];
    if (part === undefined || rest.length > 0 || schema?.type !== 'object') {
      merged[key] = context[key];
      continue;
    }
    const whole = readValue(merged[name] ?? {}, schema);
    // A whole that is none has a fault of its own.
    if (isMapping(whole)) merged[name] = { ...whole, [part]: context[key] };
  }
  return merged;
};

/** The error that names every fault. */
const settingsError = (faults: readonly SettingFault[]): RepriseError => {
  const lines = faults.map(
    ({ message, hint }) => `${message}${hint === undefined ? '' : `\n  hint: ${hint}`}`,
  );
  const count = faults.length === 1 ? '1 fault' : `${faults.length} faults`;
  return new RepriseError('SETTINGS_INVALID', `the settings have ${count}\n${lines.join('\n')}`, {
    hint: 'settings stand in the context of cdk.json or behind -c; docs/settings.md explains each',
  });
};

/**
 * Reads the settings out of the context of a CDK app.
 *
 * @param context - all of it: what is the CDK's own is passed over
 * @throws RepriseError SETTINGS_INVALID with every fault
 */
export const readSettings = (context: Readonly<Record<string, unknown>>): Settings => {
  const given = mergeParts(context);
  const faults = Object.keys(given)
    .filter((key) => !SETTING_NAMES.includes(key))
    .map((key) => unknownSetting(key, ALL_NAMES));
  const known = Object.fromEntries(Object.entries(given).filter(([key]) => SETTING_NAMES.includes(key)));
  // A copy: defaults are written into it.
  const values = readValue(structuredClone(known), settingsSchema) as Settings;
  if (!validate(values)) faults.push(...faultsOf(validate.errors ?? []));
  if (faults.length > 0) throw settingsError(faults);
  const settings: Settings = values.profile === 'emulator' ? { ...values, timing: 'arrival' } : values;
  const crossed = checkSettings(settings);
  if (crossed.length > 0) throw settingsError(crossed);
  return settings;
};
