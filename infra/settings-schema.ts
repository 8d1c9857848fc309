/** The shape of the settings in the context of cdk.json: the one source of checks, defaults and texts. docs/settings.md explains each. */

/** What capture gathers before it writes an object: by time, since size would cut bursts into many objects. */
export const CAPTURE_BUFFER_SECONDS = 60;
/** The most that Firehose takes, see "Buffering hints" of its quotas. */
export const CAPTURE_BUFFER_MIB = 128;
/** An object arrives up to half a buffer after its last line; the rest is for reading it. */
const DELAY_MARGIN_SECONDS = 90;
export const MIN_DELAY_SECONDS = CAPTURE_BUFFER_SECONDS + DELAY_MARGIN_SECONDS;
/** How much of the delay a planner uses for itself; the rest an object's message waits in the queue, for nothing. */
export const PLANNER_HEAD_START_SECONDS = 30;
/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html, DelaySeconds */
const MAX_QUEUE_DELAY_SECONDS = 900;
export const MAX_DELAY_SECONDS =
  MAX_QUEUE_DELAY_SECONDS + CAPTURE_BUFFER_SECONDS + PLANNER_HEAD_START_SECONDS;
/** Far more than most accounts may run at all. */
export const MAX_RESERVED_SENDERS = 10_000;

const idsOf = (kind: string, words: string) =>
  ({
    type: 'array',
    minItems: 1,
    errorMessage: `must be a list of ids of ${words}, such as ["${kind}-0a1b2c3d"]`,
    items: {
      type: 'string',
      pattern: `^${kind}-[0-9a-f]{8,17}$`,
      errorMessage: `must be an id of ${words}, such as ${kind}-0a1b2c3d`,
    },
  }) as const;

const SSM_NAME = '^(/[A-Za-z0-9_.-]+)+$|^[A-Za-z0-9_.-]+$';

export const settingsSchema = {
  title: 'the settings',
  type: 'object',
  additionalProperties: false,
  properties: {
    stackName: {
      type: 'string',
      pattern: '^[A-Za-z][A-Za-z0-9-]{0,63}$',
      default: 'reprise',
      errorMessage: 'must be 1 to 64 letters, digits and hyphens, beginning with a letter',
    },
    rules: {
      type: 'string',
      minLength: 1,
      default: 'rules',
      errorMessage: 'must be the path of a rule file, or of a folder that holds some',
    },
    target: {
      type: 'string',
      pattern: '^([a-z0-9][a-z0-9_-]{0,62}=)?[Hh][Tt][Tt][Pp][Ss]?://',
      errorMessage:
        'must be [NAME=]URL, such as https://staging.example.com or staging=https://staging.example.com',
    },
    delaySeconds: {
      type: 'integer',
      minimum: MIN_DELAY_SECONDS,
      maximum: MAX_DELAY_SECONDS,
      default: 180,
      errorMessage:
        `must be a whole number of seconds from ${MIN_DELAY_SECONDS} ` +
        `(capture gathers for ${CAPTURE_BUFFER_SECONDS}, and ${DELAY_MARGIN_SECONDS} more) to ${MAX_DELAY_SECONDS}`,
    },
    timing: { type: 'string', enum: ['live', 'arrival'], default: 'live' },
    retentionDays: {
      type: 'integer',
      minimum: 1,
      maximum: 3650,
      default: 7,
      errorMessage: 'must be a whole number of days from 1 to 3650',
    },
    sender: {
      type: 'object',
      additionalProperties: false,
      default: {},
      errorMessage: 'must be a mapping of memoryMb and reservedConcurrency',
      properties: {
        memoryMb: {
          type: 'integer',
          minimum: 256,
          maximum: 10_240,
          default: 512,
          errorMessage: 'must be a whole number of MiB from 256 to 10240',
        },
        reservedConcurrency: {
          type: ['integer', 'string'],
          pattern: '^none$',
          minimum: 1,
          maximum: MAX_RESERVED_SENDERS,
          default: 50,
          errorMessage: `must be a whole number from 1 to ${MAX_RESERVED_SENDERS}, or none`,
        },
      },
    },
    planner: {
      type: 'object',
      additionalProperties: false,
      default: {},
      errorMessage: 'must be a mapping of memoryMb and maxConcurrency',
      properties: {
        memoryMb: {
          type: 'integer',
          minimum: 512,
          maximum: 10_240,
          default: 1024,
          errorMessage: 'must be a whole number of MiB from 512 to 10240',
        },
        maxConcurrency: {
          type: 'integer',
          minimum: 2,
          maximum: 1000,
          default: 10,
          errorMessage: 'must be a whole number from 2 to 1000',
        },
      },
    },
    report: { type: 'string', enum: ['hourly', 'off'], default: 'hourly' },
    alarmEmail: {
      type: 'string',
      pattern: '^[^\\s@]+@[^\\s@]+\\.[^\\s@]+$',
      errorMessage: 'must be an e-mail address',
    },
    secrets: {
      type: 'object',
      default: {},
      propertyNames: {
        pattern: '^[A-Za-z_][A-Za-z0-9_]*$',
        errorMessage: 'must be a name as fromEnv uses it: letters, digits and _',
      },
      errorMessage: 'must be a mapping of names that fromEnv uses to names of SSM parameters',
      additionalProperties: {
        type: 'string',
        pattern: SSM_NAME,
        errorMessage: 'must be the name of an SSM parameter, such as /staging/token',
      },
    },
    vpc: {
      type: 'object',
      additionalProperties: false,
      required: ['vpcId', 'subnetIds', 'securityGroupIds', 'availabilityZones'],
      errorMessage: 'must be a mapping of vpcId, subnetIds, securityGroupIds, availabilityZones and more',
      properties: {
        vpcId: {
          type: 'string',
          pattern: '^vpc-[0-9a-f]{8,17}$',
          errorMessage: 'must be the id of a VPC, such as vpc-0a1b2c3d',
        },
        subnetIds: idsOf('subnet', 'private subnets'),
        securityGroupIds: idsOf('sg', 'security groups'),
        availabilityZones: {
          type: 'array',
          minItems: 1,
          errorMessage: 'must be a list of zones, such as ["eu-west-1a"]',
          items: {
            type: 'string',
            pattern: '^[a-z]{2}(-[a-z0-9]+)+$',
            errorMessage: 'must be a zone, such as eu-west-1a',
          },
        },
        routeTableIds: idsOf('rtb', 'route tables'),
        endpoints: { type: 'boolean', default: true },
      },
    },
    existingLogBucket: {
      type: 'object',
      additionalProperties: false,
      required: ['name'],
      errorMessage: 'must be a mapping of name, prefix and kmsKeyArn',
      properties: {
        name: {
          type: 'string',
          pattern: '^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$',
          errorMessage: 'must be the name of an S3 bucket',
        },
        prefix: {
          type: 'string',
          pattern: '^[^/*?][^*?]*$|^$',
          default: '',
          errorMessage: 'must be how the keys of logs begin: no / at its start, no * or ?',
        },
        kmsKeyArn: {
          type: 'string',
          pattern: '^arn:[a-z-]+:kms:[a-z0-9-]+:\\d{12}:key/[A-Za-z0-9-]+$',
          errorMessage: 'must be the ARN of the KMS key that the bucket is encrypted with',
        },
      },
    },
    permissionsBoundary: {
      type: 'string',
      pattern: '^arn:[a-z-]+:iam::(\\d{12}|aws):policy/[\\w+=,.@/-]+$|^[\\w+=,.@-]{1,128}$',
      errorMessage: 'must be the name or the ARN of an IAM policy',
    },
    retain: { type: 'boolean', default: false },
    profile: { type: 'string', enum: ['aws', 'emulator'], default: 'aws' },
  },
} as const;
