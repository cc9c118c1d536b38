import { credentialText, knownFields, type Query } from '@latchkey/core';
import { isMoment } from '@latchkey/core/wire';
import { z } from 'zod';
import { momentOf } from './moment.js';

/** Conditions on a text; a licence must meet all that are given. */
export interface TextFilter {
  /** Equal. */
  readonly eq?: string | undefined;
  /** Not equal. */
  readonly ne?: string | undefined;
  /** Starts with. */
  readonly sw?: string | undefined;
  /** Ends with. */
  readonly ew?: string | undefined;
  /** Contains. */
  readonly cn?: string | undefined;
  /** Does not contain. */
  readonly nc?: string | undefined;
  /** One of. No comma in any of them: they are sent with commas between. */
  readonly in?: readonly string[] | undefined;
  /** None of. */
  readonly nin?: readonly string[] | undefined;
}

/** Conditions on a number. */
export interface NumberFilter {
  readonly eq?: number | undefined;
  readonly ne?: number | undefined;
  readonly gt?: number | undefined;
  readonly gte?: number | undefined;
  readonly lt?: number | undefined;
  readonly lte?: number | undefined;
}

/** Conditions on a moment: a `Date`, epoch milliseconds, or an ISO 8601 date. */
export interface DateFilter {
  readonly eq?: Date | number | string | undefined;
  readonly ne?: Date | number | string | undefined;
  readonly gt?: Date | number | string | undefined;
  readonly gte?: Date | number | string | undefined;
  readonly lt?: Date | number | string | undefined;
  readonly lte?: Date | number | string | undefined;
}

/** Which licences, and in which order. */
export interface LicenseQuery {
  /** A field to sort by, with `-` before it for the other way round. Default: oldest first. */
  readonly sort?: string | undefined;
  /** Text to look for, as Cryptlex does. */
  readonly search?: string | undefined;
  readonly revoked?: boolean | undefined;
  readonly suspended?: boolean | undefined;
  readonly expired?: boolean | undefined;
  readonly perpetual?: boolean | undefined;
  /** Filters by field; sent as `field[op]=value`. */
  readonly id?: TextFilter | undefined;
  readonly productId?: TextFilter | undefined;
  readonly key?: TextFilter | undefined;
  readonly type?: TextFilter | undefined;
  readonly notes?: TextFilter | undefined;
  readonly 'metadata.key'?: TextFilter | undefined;
  readonly 'metadata.value'?: TextFilter | undefined;
  readonly allowedActivations?: NumberFilter | undefined;
  readonly totalActivations?: NumberFilter | undefined;
  /** Sent in seconds, as `validity`. */
  readonly validityMs?: NumberFilter | undefined;
  readonly createdAt?: DateFilter | undefined;
  readonly updatedAt?: DateFilter | undefined;
  readonly expiresAt?: DateFilter | undefined;
  /** Licences asked for with one request, 1 to 100; a few more now and then where it is below 12. Default: 100. */
  readonly pageSize?: number | undefined;
}

const words = credentialText(256);
const flag = z.boolean('must be true or false').optional();

const item = words.regex(/^[^,]*$/, 'must hold no comma');
const list = z
  .array(item, 'must be a list of texts')
  .min(1, 'must not be empty')
  .max(100, 'must be at most 100 texts');
const joined = list.transform((texts) => texts.join(','));

const textFilter = filter({
  eq: words,
  ne: words,
  sw: words,
  ew: words,
  cn: words,
  nc: words,
  in: joined,
  nin: joined,
});

const numberFilter = orderFilter(z.number('must be a number').transform(String));

const dateFilter = orderFilter(
  z
    .union([z.date(), z.number(), z.string()], 'must be a Date, epoch milliseconds or an ISO 8601 date')
    .transform((given, context): string => {
      const at = typeof given === 'string' ? momentOf(given) : Number(given);
      if (at !== undefined && isMoment(at)) return new Date(at).toISOString();
      context.addIssue({ code: 'custom', message: 'must be a date' });
      return z.NEVER;
    }),
);

/** What `licenses` takes, checked, as the query of a request and the size of its pages. */
export const licenseQuery = z
  .strictObject({
    sort: z
      .string('must be text')
      .regex(/^-?[A-Za-z][\w.]{0,63}$/, 'must be the name of a field, perhaps after "-"')
      .optional(),
    search: words.optional(),
    revoked: flag,
    suspended: flag,
    expired: flag,
    perpetual: flag,
    id: textFilter,
    productId: textFilter,
    key: textFilter,
    type: textFilter,
    notes: textFilter,
    'metadata.key': textFilter,
    'metadata.value': textFilter,
    allowedActivations: numberFilter,
    totalActivations: numberFilter,
    validityMs: orderFilter(z.number('must be a number').transform((ms) => String(ms / 1000))),
    createdAt: dateFilter,
    updatedAt: dateFilter,
    expiresAt: dateFilter,
    pageSize: z
      .int('must be a whole number')
      .min(1, 'must be 1 to 100')
      .max(100, 'must be 1 to 100')
      .default(100),
  })
  .transform(
    ({ pageSize, validityMs: validity, ...same }): { readonly pageSize: number; readonly query: Query } => {
      const query: Record<string, string | boolean> = {};
      for (const [name, value] of Object.entries({ ...same, validity })) {
        if (typeof value === 'object') {
          for (const [operator, operand] of Object.entries(value)) query[`${name}[${operator}]`] = operand;
        } else if (value !== undefined) {
          query[name] = value;
        }
      }
      return { pageSize, query };
    },
  );

function orderFilter(operand: z.ZodType<string>) {
  return filter({ eq: operand, ne: operand, gt: operand, gte: operand, lt: operand, lte: operand });
}

function filter<Operators extends Record<string, z.ZodType<string>>>(operators: Operators) {
  return z
    .strictObject(operators, 'must be an object of operators')
    .partial()
    .transform((given): Readonly<Record<string, string>> => ({ ...knownFields(given) }))
    .optional();
}
