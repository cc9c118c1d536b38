import type { z } from 'zod';
import { LatchkeyError } from './latchkey-error.js';

/**
 * `options` as `schema` reads them.
 *
 * @param owner what the options are for, to be said in the message: `createUpstream()`.
 * @throws LatchkeyError `invalid_config`, with every problem in one message and no value in it: an option can be secret.
 */
export function checkedOptions<T>(owner: string, schema: z.ZodType<T>, options: unknown): T {
  const result = schema.safeParse(options);
  if (result.success) return result.data;
  throw new LatchkeyError('invalid_config', {
    message: `The options of ${owner} cannot be used: ${problemsIn(result.error)}.`,
  });
}

/**
 * What a caller handed over, as `schema` reads it.
 *
 * @param what names it in the message: `credentials`.
 * @param provider whom it was meant for.
 * @throws LatchkeyError `invalid_input`, with every problem in one message and no value in it: to be thrown before
 *   anything is sent.
 */
export function checkedInput<T>(what: string, schema: z.ZodType<T>, value: unknown, provider: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new LatchkeyError('invalid_input', {
    provider,
    message: `The ${what} for ${provider} cannot be used: ${problemsIn(result.error)}.`,
  });
}

function problemsIn({ issues }: z.ZodError): string {
  return issues.map(problem).join('; ');
}

function problem(issue: z.core.$ZodIssue): string {
  const path = issue.path.map(String).join('.');
  const said =
    issue.code === 'unrecognized_keys'
      ? `has no ${issue.keys.slice(0, 5).map(quoted).join(', ')}`
      : ruleOf(issue);
  return path === '' ? said : `${path} ${said}`;
}

// Names come from whoever called; escaped and cut, so that none can fill a log or break its lines.
function quoted(name: string): string {
  return JSON.stringify(name.length > 40 ? `${name.slice(0, 40)}…` : name);
}

// Messages of our own schemas say what must be. Zod's say what was expected, and of what was given the type at most.
function ruleOf({ message }: z.core.$ZodIssue): string {
  return message.replace(/^Invalid (input|option): expected /, 'must be ').replace(/, received .*$/, '');
}
