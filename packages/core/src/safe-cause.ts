/**
 * A copy of a foreign error that is safe to keep as a cause: name, code, message and stack frames, with every one of
 * `secrets` blotted out. Errors of HTTP clients and parsers hold pieces of what was received, such as the bytes that
 * did not parse, and those pieces can be tokens; so nothing else of the original is kept.
 */
export function safeCause(error: unknown, secrets: readonly string[] = []): Error {
  if (!(error instanceof Error)) return new Error(`A value was thrown that is no error (${typeof error})`);
  // The types promise text in the first three; errors of others keep that promise or not.
  const { name, message, stack, code } = error as Record<'name' | 'message' | 'stack' | 'code', unknown>;
  const copy: Error & { code?: string } = new Error(blotted(String(message), secrets));
  const value = blotted(String(name), secrets);
  Object.defineProperty(copy, 'name', { value, enumerable: false, configurable: true });
  if (typeof code === 'string') copy.code = blotted(code, secrets);
  // The text before the frames repeats the message, unblotted.
  const frames = String(stack)
    .split('\n')
    .filter((line) => /^\s+at /.test(line));
  copy.stack = blotted([`${copy.name}: ${copy.message}`, ...frames].join('\n'), secrets);
  return copy;
}

/** `text` with each of `secrets` replaced; short words are left, since they would be found everywhere. */
export function blotted(text: string, secrets: readonly string[]): string {
  return (
    secrets
      .filter((secret) => secret.length >= shortestSecret)
      // The longest first: a secret that is part of another one would leave the rest of that standing.
      .sort((one, other) => other.length - one.length)
      .reduce((rest, secret) => rest.replaceAll(secret, '[hidden]'), text)
  );
}

/** Every text in `value`, as it is and as it stands in JSON: what to blot out where `value` is secret. */
export function textsIn(value: unknown): string[] {
  // Grows while it is walked, so that neither depth nor a cycle is a danger.
  const found = new Set([value]);
  for (const one of found) {
    if (typeof one === 'object' && one !== null) {
      for (const inner of Object.values(one)) found.add(inner);
    }
  }
  return [...found]
    .filter((one) => typeof one === 'string')
    .flatMap((text) => [text, JSON.stringify(text).slice(1, -1)]);
}

const shortestSecret = 4;
