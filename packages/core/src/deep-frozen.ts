/** The same value, frozen with all that is in it: what many requests are given, none of them can change. */
export function deepFrozen<T>(value: T): T {
  // What is frozen already, as grants are, may hold what is not.
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(deepFrozen);
  return value;
}
