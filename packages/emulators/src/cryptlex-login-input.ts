/** A login whose fields keep their limits. Exactly one of alias and id is there. */
export interface CryptlexLoginInput {
  readonly accountAlias: string | undefined;
  readonly accountId: string | undefined;
  readonly email: string;
  readonly password: string;
  readonly twoFactorCode: string | undefined;
  readonly twoFactorRecoveryCode: string | undefined;
}

/** What is wrong with the fields of a request, by field. */
export interface FieldErrors {
  readonly errors: Readonly<Record<string, readonly string[]>>;
}

/** Reads the body of a login. A field that is null counts as left out. */
export function readLogin(body: unknown): CryptlexLoginInput | FieldErrors {
  const read = fieldReader(body);
  const input = {
    accountAlias: read.optional('accountAlias', 1, 256),
    accountId: read.optional('accountId', 1, 36),
    email: read.required('email', 1, 256),
    password: read.required('password', 8, 256),
    twoFactorCode: read.optional('twoFactorCode', 6, 6),
    twoFactorRecoveryCode: read.optional('twoFactorRecoveryCode', 1, 256),
  };
  if (!('accountAlias' in read.errors || 'accountId' in read.errors)) {
    if ((input.accountAlias === undefined) === (input.accountId === undefined)) {
      read.errors['accountId'] = ['Exactly one of accountAlias and accountId is required.'];
    }
  }
  return Object.keys(read.errors).length > 0 ? { errors: read.errors } : input;
}

/** Reads the body of a renewal. */
export function readRenewal(body: unknown): { readonly refreshToken: string } | FieldErrors {
  const read = fieldReader(body);
  const refreshToken = read.required('refreshToken', 1, 256);
  return Object.keys(read.errors).length > 0 ? { errors: read.errors } : { refreshToken };
}

function fieldReader(body: unknown) {
  const fields: Record<string, unknown> =
    typeof body === 'object' && body !== null ? Object.fromEntries(Object.entries(body)) : {};
  const errors: Record<string, string[]> = {};

  function optional(name: string, shortest: number, longest: number): string | undefined {
    const value = fields[name] ?? undefined;
    if (value === undefined) return undefined;
    if (typeof value === 'string' && value.length >= shortest && value.length <= longest) return value;
    errors[name] = [`The field ${name} must be a text of ${shortest} to ${longest} characters.`];
    return undefined;
  }

  function required(name: string, shortest: number, longest: number): string {
    const value = optional(name, shortest, longest);
    if (value === undefined) errors[name] ??= [`The field ${name} is required.`];
    return value ?? '';
  }

  return { errors, optional, required };
}
