/** What the strategies read of a request. Those of Express and Fastify are such, and so are Node's own. */
export interface StrategyRequest {
  readonly method?: string | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** As a body parser left it. */
  readonly body?: unknown;
  readonly query?: unknown;
  readonly ip?: string | undefined;
}
