/** The headers of a request: Node's `IncomingHttpHeaders`, a plain record whose names are in any case, or a web `Headers`. */
export type RequestHeaders =
  Pick<Headers, 'get'> | Readonly<Record<string, string | readonly string[] | undefined>>;

/**
 * Every value of a header, in their order; none where it is missing. What callers without types put there comes as it is.
 *
 * @param name in lower case.
 */
export function headerValues(headers: RequestHeaders, name: string): readonly unknown[] {
  const given: unknown = headers;
  if (typeof given !== 'object' || given === null) return nothing;
  // A web `Headers` throws for a name that no HTTP/1 header can have.
  if (isWebHeaders(given)) return name.startsWith(':') ? nothing : listed(given.get(name));
  const record = given as Readonly<Record<string, unknown>>;
  let values = nothing;
  for (const own in record) if (isNamed(own, name)) values = joined(values, record[own]);
  return values;
}

/** Every value of the two headers that say who sends a request, in one pass: each request comes through here. */
export function credentialHeaders(headers: RequestHeaders): {
  readonly authorization: readonly unknown[];
  readonly cookie: readonly unknown[];
} {
  const given: unknown = headers;
  let authorization = nothing;
  let cookie = nothing;
  if (typeof given !== 'object' || given === null) return { authorization, cookie };
  if (isWebHeaders(given)) {
    return { authorization: listed(given.get('authorization')), cookie: listed(given.get('cookie')) };
  }
  const record = given as Readonly<Record<string, unknown>>;
  for (const own in record) {
    if (isNamed(own, 'authorization')) authorization = joined(authorization, record[own]);
    else if (isNamed(own, 'cookie')) cookie = joined(cookie, record[own]);
  }
  return { authorization, cookie };
}

// By length first: lower-casing every name of every request would cost more than all the rest.
function isNamed(own: string, name: string): boolean {
  return own.length === name.length && (own === name || own.toLowerCase() === name);
}

function joined(values: readonly unknown[], value: unknown): readonly unknown[] {
  const more = listed(value);
  return values.length === 0 ? more : [...values, ...more];
}

/** The value of a header that has just one, which is text. */
export function onlyText(values: readonly unknown[]): string | undefined {
  const [value] = values;
  return values.length === 1 && typeof value === 'string' ? value : undefined;
}

function isWebHeaders(headers: object): headers is Pick<Headers, 'get'> {
  return 'get' in headers && typeof headers.get === 'function';
}

const nothing: readonly unknown[] = [];

function listed(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return nothing;
  return Array.isArray(value) ? value : [value];
}
