import type { RecordedRequest } from '@latchkey/emulators';

/** What the application has sent to a provider and nobody else may see: access and refresh tokens, and passwords. */
export function secretsIn(requests: readonly RecordedRequest[]): string[] {
  return requests.flatMap(({ headers, body }) => [
    ...(/^Bearer (\S+)$/.exec(headers.authorization ?? '')?.slice(1) ?? []),
    ...['password', 'refreshToken', 'accessToken'].flatMap((name) => textOf(body, name)),
  ]);
}

/** Those of the secrets that a text gives away, each with the place where it does. */
export function leaksIn(place: string, text: string, secrets: Iterable<string>): string[] {
  return [...new Set(secrets)].flatMap((secret) => {
    const at = text.indexOf(secret);
    return at < 0 ? [] : [`${place} holds ${secret}: …${text.slice(Math.max(0, at - 80), at + 80)}…`];
  });
}

function textOf(body: unknown, name: string): string[] {
  const value = (body as Readonly<Record<string, unknown>> | undefined)?.[name];
  return typeof value === 'string' && value.length > 3 ? [value] : [];
}
