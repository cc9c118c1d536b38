import type { StrategyRequest } from './strategy-request.js';

/** What both strategies take. */
export interface CommonOptions<Request extends StrategyRequest = StrategyRequest> {
  /** Names the protected area in `WWW-Authenticate`. Default: `latchkey`. */
  readonly realm?: string | undefined;
  /** Who asks, for the limits per client. Default: `request.ip`, which needs Express' `trust proxy` behind a proxy. */
  readonly client?: ((request: Request) => string | undefined) | undefined;
  /**
   * How long one request may take in all, `verify` included, in milliseconds; then it ends with `timeout`. Default: 30,000.
   */
  readonly timeoutMs?: number | undefined;
  /**
   * Whether requests that another site may have had a browser send are refused with `csrf_rejected`. `origins` are those
   * beside the host itself that may, of browsers that send no `Sec-Fetch-Site`: what that says counts more. `false` for an
   * application that checks this itself. Default: on.
   */
  readonly csrf?: false | { readonly origins?: readonly string[] | undefined } | undefined;
}

/** `verify` gets the request first. */
export interface WithRequest {
  readonly passReqToCallback: true;
}

/** `verify` does not get the request. This is the default. */
export interface WithoutRequest {
  readonly passReqToCallback?: false | undefined;
}
