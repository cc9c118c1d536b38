/** What the sign-in page says of why one is there, by the `notice` of its address. */
export function noticeText(notice: unknown): string | undefined {
  return typeof notice === 'string' ? notices.get(notice) : undefined;
}

const notices = new Map([
  ['signed-out', 'You are signed out.'],
  ['signed-out-everywhere', 'You are signed out here and everywhere else.'],
  ['session-ended', 'Your session has ended. Sign in again to go on.'],
]);
