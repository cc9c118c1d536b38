/** What one switch or parameter is when nothing is said, and which values it takes. */
export interface Setting<Value> {
  readonly standard: Value;
  /** The values it takes, in words, for the message of an error. */
  readonly accepts: string;
  readonly check: (value: unknown) => boolean;
}

/** One setting for every property of `Values`. */
export type Settings<Values> = { readonly [Name in keyof Values]-?: Setting<Values[Name]> };

/** Takes one of the listed values; the first is the default. */
export function oneOf<Value>(...values: [Value, ...Value[]]): Setting<Value> {
  return {
    standard: values[0],
    accepts: `one of ${values.map(shown).join(', ')}`,
    check: (value) => values.some((one) => one === value),
  };
}

/** Takes true or false. */
export function flag(standard: boolean): Setting<boolean> {
  return { standard, accepts: 'true or false', check: (value) => typeof value === 'boolean' };
}

/** Takes a finite number of at least `least` (default: any). */
export function amount(standard: number, { least = -Infinity }: { least?: number } = {}): Setting<number> {
  return {
    standard,
    accepts: least === -Infinity ? 'a finite number' : `a finite number of at least ${least}`,
    check: (value) => Number.isFinite(value) && Number(value) >= least,
  };
}

/** Takes what `check` lets through. */
export function accepting<Value>(
  standard: Value,
  accepts: string,
  check: (value: unknown) => boolean,
): Setting<Value> {
  return { standard, accepts, check };
}

/** The defaults of all settings. */
export function standardValues<Values>(settings: Settings<Values>): Values {
  return Object.fromEntries(
    Object.entries<Setting<unknown>>(settings).map(([name, setting]) => [name, setting.standard]),
  ) as Values;
}

/**
 * Gives `given` back when every name is known and every value is taken.
 *
 * @throws TypeError that names the first unknown name or bad value; `what` says what kind of thing it is.
 */
export function checkedValues<Given extends object>(
  what: string,
  settings: Readonly<Record<string, Setting<unknown>>>,
  given: Given,
): Given {
  for (const [name, value] of Object.entries(given)) {
    const setting = Object.hasOwn(settings, name) ? settings[name] : undefined;
    if (setting === undefined) {
      throw new TypeError(`Unknown ${what} ${shown(name)}. Known: ${Object.keys(settings).join(', ')}.`);
    }
    if (!setting.check(value)) {
      throw new TypeError(`The ${what} ${shown(name)} takes ${setting.accepts}, not ${shown(value)}.`);
    }
  }
  return given;
}

function shown(value: unknown): string {
  return (typeof value === 'string' ? JSON.stringify(value) : undefined) ?? String(value);
}
