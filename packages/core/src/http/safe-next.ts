/**
 * Where to go after a sign-in: `path` as path, query and fragment on the same origin, or `fallback` for anything that is not
 * surely that, such as the address of another site that somebody put into a link.
 *
 * It must be text that begins with one `/`, without control characters and backslashes, and be 2,048 characters at most,
 * also when it is percent-encoded. Never throws.
 *
 * @param fallback the application's own, which is not checked. Default: `/`.
 */
export function safeNext(path: unknown, fallback = '/'): string {
  return localPath(path) ?? fallback;
}

function localPath(path: unknown): string | undefined {
  if (typeof path !== 'string' || !isSafe(path) || !URL.canParse(path, base)) return undefined;
  const { origin, pathname, search, hash } = new URL(path, base);
  const local = `${pathname}${search}${hash}`;
  // `/.//other.example` is a path, and becomes `//other.example`, which is another host.
  return origin === base && isSafe(local) ? local : undefined;
}

function isSafe(path: string): boolean {
  return path.length <= 2048 && /^\/(?!\/)[^\\\p{Cc}]*$/u.test(path);
}

const base = 'https://latchkey.invalid';
