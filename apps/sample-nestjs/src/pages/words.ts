/** `5 minutes`: how long to wait, rounded up. */
export function duration(ms: number): string {
  const seconds = Math.max(1, Math.ceil(ms / 1000));
  const [unit, length] = units.find(([, length]) => seconds >= length * 2) ?? ['second', 1];
  const count = Math.ceil(seconds / length);
  return new Intl.NumberFormat('en', { style: 'unit', unit, unitDisplay: 'long' }).format(count);
}

/** `in 3 weeks`, `yesterday`, `2 months ago`. */
export function distance(to: number, from: number): string {
  const seconds = Math.round((to - from) / 1000);
  const [unit, length] = units.find(([, length]) => Math.abs(seconds) >= length * 2) ?? ['second', 1];
  const count = Math.trunc(seconds / length);
  return new Intl.RelativeTimeFormat('en', { numeric: 'auto' }).format(count, unit);
}

/** `4 January 2027`. */
export function day(at: number): string {
  return new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'UTC' }).format(at);
}

/** In seconds. A unit is used from two of it on: `10 days` says more than `1 week`. */
const units = [
  ['year', 31_557_600],
  ['month', 2_629_800],
  ['week', 604_800],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
] as const;
