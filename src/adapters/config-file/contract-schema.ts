/** A contract file's shape, key by key, with what each means. */
import { z } from 'zod';
import { EXCLUSION_KINDS } from '../../domain/exclusion.ts';
import { PATHS } from '../../domain/probe.ts';
import { isTimeZone } from '../../domain/time/calendar.ts';
import { DURATION_PATTERN, DURATION_RULE } from './duration.ts';
import { PERCENTAGE_PATTERN, PERCENTAGE_RULE } from './percentage.ts';

/** A promise or a remedy in a sentence or two; more is the contract itself. */
const TEXT_LENGTH_MAX = 500;
/** Becomes a metric label. */
const ID_LENGTH_MAX = 16;
/** No contract has more, and each is judged every month. */
const CLAUSES_MAX = 100;
/** More than a month of the densest probing has messages. */
const BREACHES_MAX = 1_000_000;
/** More would be a fault-free day more than most years have. */
const FAULT_FREE_DAYS_MAX = 365;

const duration = z.string({ error: DURATION_RULE }).regex(DURATION_PATTERN, { error: DURATION_RULE });
const percentage = z.string({ error: PERCENTAGE_RULE }).regex(PERCENTAGE_PATTERN, { error: PERCENTAGE_RULE });
const text = z
  .string()
  .regex(/\S/, { error: 'must not be empty' })
  .max(TEXT_LENGTH_MAX, { error: `must be at most ${TEXT_LENGTH_MAX} characters` });
const localised = z.strictObject({
  en: text.describe('In English.'),
  zh: text.describe("In Chinese, in the contract's own terms where it has them."),
});
const ID_RULE = "must be text of letters, digits, dots and hyphens such as '1' or 2a";
const ZONE_RULE = 'must be a time zone such as Asia/Shanghai';

const anyClause = {
  id: z
    .string({ error: ID_RULE })
    .regex(/^[A-Za-z0-9][A-Za-z0-9.-]*$/, { error: ID_RULE })
    .max(ID_LENGTH_MAX, { error: `must be at most ${ID_LENGTH_MAX} characters` })
    .describe('As in the contract; in quotation marks if it is a number.'),
  title: localised.describe('What the clause is about.'),
  remedy: localised.optional().describe('What a missed promise costs the provider. Left out: nothing is stated.'),
};

const measuredClause = {
  ...anyClause,
  exclusions: z
    .array(z.enum(EXCLUSION_KINDS))
    .optional()
    .describe(
      "Kinds of exclusions that are not held against the provider here. Default: the contract's a to g, as the kind of clause has it.",
    ),
};

const delayClause = z.strictObject({
  ...measuredClause,
  kind: z.literal('delay'),
  path: z.enum(PATHS).describe('The path whose delay is limited.'),
  average_max: duration.describe('The average of a month may reach this, not exceed it.'),
  maximum: duration.describe('Every single delay may reach this, not exceed it.'),
  breaches_from: z
    .int()
    .min(1)
    .max(BREACHES_MAX)
    .describe('The clause is missed once the maximum is exceeded this many times in a month.'),
  counted_per: z
    .enum(['message', 'episode'])
    .describe('What one time is: each message, or each run of breaches with no on-time delivery between them.'),
  losses_in_average: z.boolean().describe('Whether lost messages count in the average.'),
});

const availabilityKeys = {
  availability_min: percentage.describe(
    'The least share of the month in which the service is available; may be reached.',
  ),
  denominator: z
    .enum(['month', 'month-less-exclusions'])
    .describe('What that is a share of: the whole month, or the month less what is excluded.'),
};

const connectivityClause = z.strictObject({
  ...measuredClause,
  kind: z.literal('connectivity'),
  down_under: duration.describe('In a month the service must be down for less than this.'),
  ...availabilityKeys,
});

const operationsClause = z.strictObject({
  ...measuredClause,
  kind: z.literal('operations'),
  faults_max: duration.describe('Faults of a month may reach this in all, not exceed it.'),
  adjustments_max: duration.describe('Adjustments announced for a month may reach this in all, not exceed it.'),
  ...availabilityKeys,
  fault_free_days_min: z
    .int()
    .min(1)
    .max(FAULT_FREE_DAYS_MAX)
    .describe('At least so many days of a calendar year must be free of faults.'),
});

const attestedClause = z.strictObject({ ...anyClause, kind: z.literal('attested') });

export const contractSchema = z.strictObject({
  title: localised.describe("The contract's own."),
  time_zone: z
    .string({ error: ZONE_RULE })
    .refine(isTimeZone, { error: ZONE_RULE })
    .describe('IANA zone of months and days.'),
  final_after: duration.describe(
    "How long after a month's end its report is final; by then a missing message is lost.",
  ),
  clauses: z
    .array(z.discriminatedUnion('kind', [connectivityClause, delayClause, operationsClause, attestedClause]))
    .min(1)
    .max(CLAUSES_MAX, { error: `must have at most ${CLAUSES_MAX} entries` })
    .describe(
      'connectivity (whether mail can be sent and received), delay and operations (faults and adjustments): measured, by the limits beside them. attested: stated by a person.',
    ),
});

/** A contract that keeps its shape; what its keys say together is another matter. */
export type ContractFile = z.output<typeof contractSchema>;
export type ClauseFile = ContractFile['clauses'][number];

/** JSON Schema (draft 2020-12) of a contract file. */
export function contractJsonSchema(): Record<string, unknown> {
  return { ...z.toJSONSchema(contractSchema, { io: 'input' }) };
}
