/**
 * List prices of us-east-1 in dollars, November 2026: what the dashboard's estimate and docs/cost.md reckon with. Free tiers and
 * discounts are left out. Sources: https://aws.amazon.com/lambda/pricing (arm64, first tier),
 * https://aws.amazon.com/firehose/pricing, https://aws.amazon.com/dynamodb/pricing/on-demand,
 * https://aws.amazon.com/cloudwatch/pricing, https://aws.amazon.com/s3/pricing, https://aws.amazon.com/sqs/pricing.
 */
export const PRICES = {
  lambdaRequest: 0.2e-6,
  lambdaGbSecond: 13.3334e-6,
  /** Each record counts as a multiple of 5 KB. */
  firehoseGb: 0.029,
  s3Put: 5e-6,
  s3Get: 0.4e-6,
  s3GbMonth: 0.023,
  sqsRequest: 0.4e-6,
  dynamoWrite: 0.625e-6,
  /** Strongly consistent, up to 4 KB. */
  dynamoRead: 0.125e-6,
  logsGb: 0.5,
  metricMonth: 0.3,
  alarmMonth: 0.1,
  compositeAlarmMonth: 0.5,
  dashboardMonth: 3,
} as const;
