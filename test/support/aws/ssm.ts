/** SSM Parameter Store on loopback: JSON 1.1. */

import { AwsProblem, type Endpoint, startEndpoint } from './endpoint.ts';
import { type JsonObject, jsonService, textIn } from './json-service.ts';

export interface SsmParameter {
  readonly value: string;
  readonly type: 'String' | 'SecureString';
  readonly version: number;
  readonly description?: string;
  readonly lastModifiedMs: number;
}

export interface SsmState {
  readonly parameters: Map<string, SsmParameter>;
  /** Writes a parameter as somebody else would. */
  set(name: string, value: string, type?: 'String' | 'SecureString'): void;
}

export interface SsmEndpoint extends Endpoint {
  readonly state: SsmState;
}

export interface SsmOptions {
  /** What is there at the start: plain parameters by name. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** SecureStrings by name. */
  readonly secrets?: Readonly<Record<string, string>>;
}

const ACCOUNT = 'arn:aws:ssm:us-east-1:123456789012:parameter';
const arnOf = (name: string): string => `${ACCOUNT}${name.startsWith('/') ? '' : '/'}${name}`;

const createState = (options: SsmOptions): SsmState => {
  const parameters = new Map<string, SsmParameter>();
  const set: SsmState['set'] = (name, value, type = 'String') => {
    const version = (parameters.get(name)?.version ?? 0) + 1;
    parameters.set(name, { value, type, version, lastModifiedMs: Date.now() });
  };
  for (const [name, value] of Object.entries(options.parameters ?? {})) set(name, value);
  for (const [name, value] of Object.entries(options.secrets ?? {})) set(name, value, 'SecureString');
  return { parameters, set };
};

const shown = (name: string, found: SsmParameter, isDecrypted: boolean): JsonObject => ({
  Name: name,
  ARN: arnOf(name),
  Type: found.type,
  Value: found.type === 'SecureString' && !isDecrypted ? 'AQICAHencrypted==' : found.value,
  Version: found.version,
  LastModifiedDate: found.lastModifiedMs / 1000,
  DataType: 'text',
});

const put = (state: SsmState, input: JsonObject): JsonObject => {
  const name = textIn(input, 'Name');
  const old = state.parameters.get(name);
  if (old !== undefined && input.Overwrite !== true)
    throw new AwsProblem(400, 'ParameterAlreadyExists', 'The parameter already exists.');
  state.set(name, textIn(input, 'Value'), input.Type === 'SecureString' ? 'SecureString' : old?.type);
  const written = state.parameters.get(name);
  if (written !== undefined && typeof input.Description === 'string')
    state.parameters.set(name, { ...written, description: input.Description });
  return { Version: written?.version, Tier: 'Standard' };
};

const getMany = (state: SsmState, input: JsonObject): JsonObject => {
  const names = input.Names as readonly string[];
  if (names.length > 10 || new Set(names).size < names.length) {
    const message = `1 validation error detected: Value '${JSON.stringify(names)}' at 'names' failed to satisfy constraint`;
    throw new AwsProblem(400, 'ValidationException', message);
  }
  // An ARN, or a name with ":version", names a parameter too.
  const nameIn = (given: string): string =>
    given.startsWith('arn:') ? given.slice(ACCOUNT.length) : given.replace(/:\d+$/, '');
  const found = names.filter((given) => state.parameters.has(nameIn(given)));
  return {
    Parameters: found.map((given) => {
      const parameter = state.parameters.get(nameIn(given)) as SsmParameter;
      const selector = given.startsWith('arn:') ? undefined : /:\d+$/.exec(given)?.[0];
      return { ...shown(nameIn(given), parameter, input.WithDecryption === true), Selector: selector };
    }),
    InvalidParameters: names.filter((given) => !found.includes(given)),
  };
};

const describe = (state: SsmState, input: JsonObject): JsonObject => {
  const filters = (input.ParameterFilters ?? []) as { Key: string; Values: string[] }[];
  const wanted = filters.find(({ Key }) => Key === 'Name')?.Values;
  return {
    Parameters: [...state.parameters]
      .filter(([name]) => wanted === undefined || wanted.includes(name))
      .map(([name, { type, version, description, lastModifiedMs }]) => ({
        Name: name,
        Type: type,
        Version: version,
        Description: description,
        LastModifiedDate: lastModifiedMs / 1000,
        LastModifiedUser: 'arn:aws:iam::123456789012:user/alice',
      })),
  };
};

/** Starts it. */
export const startSsm = async (options: SsmOptions = {}): Promise<SsmEndpoint> => {
  const state = createState(options);
  const find = (name: string): SsmParameter => {
    const found = state.parameters.get(name);
    if (found === undefined) throw new AwsProblem(400, 'ParameterNotFound', '');
    return found;
  };
  const service = jsonService({
    prefix: 'AmazonSSM',
    version: '1.1',
    operations: {
      GetParameter: (input) => {
        const name = textIn(input, 'Name');
        return { Parameter: shown(name, find(name), input.WithDecryption === true) };
      },
      GetParameters: (input) => getMany(state, input),
      PutParameter: (input) => put(state, input),
      DescribeParameters: (input) => describe(state, input),
      DeleteParameter: (input) => {
        const name = textIn(input, 'Name');
        find(name);
        state.parameters.delete(name);
        return {};
      },
    },
  });
  return { ...(await startEndpoint(service)), state };
};
