/** A request that got no complete answer: what became of it, and what can be said of it. */
export interface NetworkFailure {
  readonly code: 'timeout' | 'upstream_unavailable' | 'invalid_response' | 'closed' | 'internal_error';
  /** What happened, to be said after the origin's name. */
  readonly reason: string;
  /** Nothing of the request was written: sending it again cannot repeat what it does. */
  readonly unsent: boolean;
  /** The connection failed, in a way that another try may not meet. */
  readonly passing: boolean;
  readonly cause: unknown;
}

/** Tells what an error of undici, or of the sockets below it, means. */
export function networkFailure(cause: unknown): NetworkFailure {
  const { code = '', syscall } = firstOf(cause);
  const known = knownFailures.get(code);
  if (known) return { unsent: false, passing: false, ...known, cause };
  if (/^(ERR_SSL|EPROTO)/.test(code)) {
    const reason = `does not speak TLS as it should (${code}); is there https at this port?`;
    return { code: 'upstream_unavailable', reason, unsent: false, passing: false, cause };
  }
  if (/^(ERR_TLS|CERT_|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_|HOSTNAME_)/.test(code)) {
    // A certificate that is refused today is refused at the next try.
    const reason = `could not be trusted (TLS: ${code}); pass a dispatcher with your CA if it is yours`;
    return { code: 'upstream_unavailable', reason, unsent: false, passing: false, cause };
  }
  const unsent = syscall === 'connect' || syscall === 'getaddrinfo';
  if (code === 'ETIMEDOUT') {
    // Also what a connection in use dies of, so that the code alone does not say that nothing was written.
    return { code: 'timeout', reason: 'did not answer in time (TCP)', unsent, passing: true, cause };
  }
  const reason = `did not answer${code === '' ? '' : ` (${code})`}`;
  return { code: 'upstream_unavailable', reason, unsent, passing: true, cause };
}

type Known = Pick<NetworkFailure, 'code' | 'reason'> & Partial<Pick<NetworkFailure, 'unsent' | 'passing'>>;

const knownFailures = new Map<string, Known>([
  [
    'UND_ERR_CONNECT_TIMEOUT',
    { code: 'timeout', reason: 'could not be connected to in time', unsent: true, passing: true },
  ],
  ['UND_ERR_HEADERS_TIMEOUT', { code: 'timeout', reason: 'did not begin to answer in time' }],
  ['UND_ERR_BODY_TIMEOUT', { code: 'timeout', reason: 'stopped in the middle of its answer' }],
  ['UND_ERR_SOCKET', { code: 'upstream_unavailable', reason: 'closed the connection', passing: true }],
  ['ECONNRESET', { code: 'upstream_unavailable', reason: 'reset the connection', passing: true }],
  [
    'ECONNREFUSED',
    { code: 'upstream_unavailable', reason: 'refused the connection', unsent: true, passing: true },
  ],
  [
    'ENOTFOUND',
    { code: 'upstream_unavailable', reason: 'has no address (DNS)', unsent: true, passing: true },
  ],
  [
    'EAI_AGAIN',
    { code: 'upstream_unavailable', reason: 'could not be looked up (DNS)', unsent: true, passing: true },
  ],
  ['HTTP_PARSER', { code: 'invalid_response', reason: 'gave an answer that is not HTTP' }],
  ['UND_ERR_RES_EXCEEDED_MAX_SIZE', { code: 'invalid_response', reason: 'sent a body that is too large' }],
  ['UND_ERR_HEADERS_OVERFLOW', { code: 'invalid_response', reason: 'sent headers that are too large' }],
  [
    'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
    { code: 'upstream_unavailable', reason: 'broke off its answer', passing: true },
  ],
  ['UND_ERR_DESTROYED', { code: 'closed', reason: 'was asked through a dispatcher that is closed' }],
  ['UND_ERR_CLOSED', { code: 'closed', reason: 'was asked through a dispatcher that is closed' }],
  ['UND_ERR_INVALID_ARG', { code: 'internal_error', reason: 'was asked in a way that cannot be sent' }],
]);

interface SystemError {
  readonly code?: string;
  readonly syscall?: string;
}

// A host with several addresses fails with one error for all of them; its code alone says nothing of the phase.
function firstOf(error: unknown): SystemError {
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  if (!(first instanceof Error)) return {};
  const { code, syscall } = first as { code?: unknown; syscall?: unknown };
  // The parser's codes are many (HPE_…), and mean one thing: not HTTP.
  if (first.name === 'HTTPParserError') return { code: 'HTTP_PARSER' };
  return {
    ...(typeof code === 'string' ? { code } : {}),
    ...(typeof syscall === 'string' ? { syscall } : {}),
  };
}
