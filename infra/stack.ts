/** The stack: one construct a concern, wired here. */

import { Stack, Tags } from 'aws-cdk-lib';
import { ManagedPolicy, PermissionsBoundary } from 'aws-cdk-lib/aws-iam';
import { CfnParameter } from 'aws-cdk-lib/aws-ssm';
import type { Construct } from 'constructs';
import type { RuleSet } from '../core/rules/rule-set.ts';
import { Alarms } from './alarms.ts';
import { Breaker } from './breaker.ts';
import type { FunctionAssets } from './bundle.ts';
import { Capture } from './capture.ts';
import { secretNamesOf } from './checked-rules.ts';
import { Dashboard } from './dashboard.ts';
import { acknowledgeFindings } from './nag.ts';
import { createOutputs } from './outputs.ts';
import { Planner } from './planner.ts';
import { createQueues, type Queues } from './queues.ts';
import { HourlyReport } from './report.ts';
import { listResources } from './resource-list.ts';
import { Results } from './results.ts';
import { Sender } from './sender.ts';
import type { Settings } from './settings.ts';
import { createShared, type Shared } from './shared.ts';

export interface RepriseStackOptions {
  readonly settings: Settings;
  readonly ruleSet: RuleSet;
  readonly assets: FunctionAssets;
}

/** What a request passes on its way, and what is shared on it. */
interface Pipeline extends Queues {
  readonly shared: Shared;
  readonly capture: Capture;
  readonly results: Results;
  readonly sender: Sender;
  readonly planner: Planner;
  /** Undefined where none is wanted. */
  readonly report: HourlyReport | undefined;
}

/** Where people look and listen. */
interface Watch {
  readonly dashboardUrl: string;
  readonly alarmTopicArn: string;
}

export class RepriseStack extends Stack {
  private readonly settings: Settings;
  /** Names of the targets. */
  private readonly targets: readonly string[];

  constructor(scope: Construct, { settings, ruleSet, assets }: RepriseStackOptions) {
    super(scope, settings.stackName, {
      stackName: settings.stackName,
      description: 'Reprise: replays production HTTP traffic from access logs',
    });
    this.settings = settings;
    this.targets = Object.keys(ruleSet.targets);
    const pipeline = this.createPipeline(ruleSet, assets);
    this.tell(pipeline, this.watch(pipeline, assets, ruleSet));
    // Not the switch: a tag that changes would have CloudFormation write it again.
    Tags.of(this).add('reprise:stack', this.stackName, {
      excludeResourceTypes: [CfnParameter.CFN_RESOURCE_TYPE_NAME],
    });
    this.limit();
    const hasSecrets = secretNamesOf(ruleSet).length > 0;
    acknowledgeFindings({ ...pipeline, isInVpc: settings.vpc !== undefined, hasSecrets });
  }

  private createPipeline(ruleSet: RuleSet, assets: FunctionAssets): Pipeline {
    const { settings } = this;
    const queues = createQueues(this, settings);
    const shared = createShared(this);
    const capture = new Capture(this, 'Capture', { settings, queue: queues.queue });
    const results = new Results(this, 'Results', settings);
    const common = { settings, shared, results };
    const { failureQueue } = queues;
    const sender = new Sender(this, 'Sender', { ...common, ruleSet, asset: assets.sender, failureQueue });
    const planner = new Planner(this, 'Planner', {
      ...common,
      ...queues,
      asset: assets.planner,
      capture,
      sender: sender.function,
    });
    const report = this.createReport(assets, shared, results);
    return { ...queues, shared, capture, results, sender, planner, report };
  }

  private createReport(
    { report: asset }: FunctionAssets,
    { stack }: Shared,
    results: Results,
  ): HourlyReport | undefined {
    const { settings } = this;
    return settings.report === 'off'
      ? undefined
      : new HourlyReport(this, 'Report', { settings, asset, results, stack });
  }

  /** Alarms, breaker and dashboard; gives where to look and to listen. */
  private watch(pipeline: Pipeline, assets: FunctionAssets, ruleSet: RuleSet): Watch {
    const { settings, targets } = this;
    const { shared, capture, results, planner, sender, report } = pipeline;
    const breaker = new Breaker(this, 'Breaker', { settings, asset: assets.breaker, shared });
    const alarms = new Alarms(this, 'Alarms', {
      ...{ ...pipeline, settings, ruleSet },
      breaker: breaker.function,
      report: report?.function,
    });
    breaker.listenTo(alarms.breaking);
    const streams = [capture.stream, results.stream].flatMap((stream) => stream?.ref ?? []);
    const dashboard = new Dashboard(this, 'Dashboard', {
      ...pipeline,
      targets,
      alarms: alarms.all,
      reportUrl: report?.url,
      planner: planner.function,
      sender: sender.function,
      cost: {
        plannerMemoryMb: settings.planner.memoryMb,
        senderMemoryMb: settings.sender.memoryMb,
        tableName: shared.table.tableName,
        streams,
      },
    });
    return { dashboardUrl: dashboard.url, alarmTopicArn: alarms.topic.topicArn };
  }

  /** Tells people and the command line where everything is. */
  private tell(pipeline: Pipeline, { dashboardUrl, alarmTopicArn }: Watch): void {
    const { settings, targets } = this;
    const { shared, capture, results, planner, sender, report, queue, dlq, failureQueue } = pipeline;
    const { reservedConcurrency: reserved } = settings.sender;
    const captureBucket = capture.bucket.bucketName;
    const resultsBucket = results.bucket.bucketName;
    listResources(this, {
      version: 1,
      stack: this.stackName,
      switchParameter: shared.killSwitch.ref,
      table: shared.table.tableName,
      ...(capture.stream === undefined ? {} : { captureStream: capture.stream.ref }),
      captureBucket,
      resultsStream: results.stream.ref,
      resultsBucket,
      queueUrl: queue.queueUrl,
      dlqUrl: dlq.queueUrl,
      failureQueueUrl: failureQueue.queueUrl,
      plannerFunction: planner.function.functionName,
      senderFunction: sender.function.functionName,
      dashboardUrl,
      ...(report === undefined ? {} : { reportFunction: report.function.functionName }),
      targets,
      timing: settings.timing,
      delaySeconds: settings.delaySeconds,
      retain: settings.retain,
      ...(reserved === 'none' ? {} : { senderConcurrency: reserved }),
    });
    createOutputs(this, {
      settings,
      captureStream: capture.stream?.ref,
      captureBucket,
      resultsBucket,
      killSwitch: shared.killSwitch,
      sender: sender.function,
      dashboardUrl,
      alarmTopicArn,
      dlqUrl: dlq.queueUrl,
      failureQueueUrl: failureQueue.queueUrl,
      report,
    });
  }

  private limit(): void {
    const policy = this.settings.permissionsBoundary;
    if (policy === undefined) return;
    const boundary = policy.startsWith('arn:')
      ? ManagedPolicy.fromManagedPolicyArn(this, 'Boundary', policy)
      : ManagedPolicy.fromManagedPolicyName(this, 'Boundary', policy);
    PermissionsBoundary.of(this).apply(boundary);
  }
}
