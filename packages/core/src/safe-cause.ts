/**
 * A copy of a foreign error that is safe to keep as a cause: name, code, message and stack frames, with every one of
 * `secrets` blotted out. Errors of HTTP clients and parsers hold pieces of what was received, such as the bytes that
 * did not parse, and those pieces can be tokens; so nothing else of the original is kept.
 */
export function safeCause(error: unknown, secrets: readonly string[] = []): Error {
  if (!(error instanceof Error)) return new Error(`A value was thrown that is no error (${typeof error})`);
  const copy: Error & { code?: string } = new Error(blotted(error.message, secrets));
  Object.defineProperty(copy, 'name', { value: error.name, enumerable: false, configurable: true });
  const { code } = error as { code?: unknown };
  if (typeof code === 'string') copy.code = blotted(code, secrets);
  // The text before the frames repeats the message, unblotted.
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  copy.stack = blotted([`${copy.name}: ${copy.message}`, ...frames].join('\n'), secrets);
  return copy;
}

/** `text` with each of `secrets` replaced; short words are left, since they would be found everywhere. */
export function blotted(text: string, secrets: readonly string[]): string {
  return secrets
    .filter((secret) => secret.length >= shortestSecret)
    .reduce((rest, secret) => rest.replaceAll(secret, '[hidden]'), text);
}

const shortestSecret = 4;
