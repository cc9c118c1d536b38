/**
 * How long a `Retry-After` header asks to wait, in milliseconds; `undefined` when it says nothing usable.
 *
 * Both forms of RFC 9110, section 10.2.3, are read: seconds, and a date in any of the three spellings of section 5.6.7.
 * A date that has passed means no wait.
 *
 * @param now the time of day in epoch milliseconds, which a date is compared with.
 */
export function retryAfterMs(header: string | undefined, now: number): number | undefined {
  const value = header?.trim() ?? '';
  if (/^\d{1,10}(\.\d{1,9})?$/.test(value)) return Math.ceil(Number(value) * 1000);
  // `Date.parse` takes far more than dates, such as `-5`; and it reads asctime, which bears no zone, as local time.
  if (/^[A-Z][a-z]{2,8}, /.test(value)) return untilMoment(Date.parse(value), now);
  if (/^[A-Z][a-z]{2} [A-Z][a-z]{2} /.test(value)) return untilMoment(Date.parse(`${value} GMT`), now);
  return undefined;
}

function untilMoment(moment: number, now: number): number | undefined {
  return Number.isNaN(moment) ? undefined : Math.max(0, moment - now);
}
