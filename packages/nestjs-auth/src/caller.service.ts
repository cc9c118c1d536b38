import { LatchkeyError, type Sessions } from '@latchkey/core';
import { createCallers, type Caller, type Callers, type MaybePromise } from '@latchkey/core/http';
import type { ContextType, ExecutionContext } from '@nestjs/common';
import type { CallContext } from './contexts/call-context.js';
import type { ClientRequest, Credential, CredentialSource } from './latchkey.options.js';
import type { LatchkeySettings } from './latchkey.settings.js';
import { noteRealm } from './realm.js';

/** Tells whom calls come from, for one set of providers. */
export class CallerService {
  private readonly callers: Callers;

  constructor(
    readonly settings: LatchkeySettings,
    sessions: Sessions,
  ) {
    const { cookies, acceptsCookie, acceptsBearer, check, upstreamTokens } = settings;
    this.callers = createCallers({
      sessions,
      cookies,
      acceptsCookie,
      acceptsBearer,
      check,
      upstreamTokens,
    });
  }

  /** Whom a request comes from. @throws LatchkeyError as `Callers.of`. */
  ofRequest(request: ClientRequest): MaybePromise<Caller | undefined> {
    noteRealm(request, this.settings.name);
    return this.callers.of(request, () => ({ client: this.settings.client(request) }));
  }

  /** Whom a call comes from, by its kind of context. @throws LatchkeyError as `Callers.of`. */
  of(context: ExecutionContext, kind: CallContext): MaybePromise<Caller | undefined> {
    const source = this.sourceFor(context);
    if (source) return this.ofAsked(context, kind, source(context));
    const credential = kind.credential(context);
    if (credential === undefined) return undefined;
    // What is taken without being asked for is taken as a request would bring it.
    const shown =
      typeof credential === 'string'
        ? { headers: { authorization: `Bearer ${bare(credential)}` } }
        : credential;
    return this.ofShown(context, kind, shown);
  }

  /** Whether callers are known by the request behind a call, so that all calls of one request are of one user. */
  isByRequest(context: ExecutionContext): boolean {
    return this.sourceFor(context) === undefined;
  }

  private sourceFor(context: ExecutionContext): CredentialSource | undefined {
    const type = context.getType<ContextType | 'graphql'>();
    return type === 'http' ? undefined : this.settings.credentialFrom[type];
  }

  private async ofAsked(
    context: ExecutionContext,
    kind: CallContext,
    asked: Credential | undefined | Promise<Credential | undefined>,
  ): Promise<Caller | undefined> {
    const credential = (await asked) ?? undefined;
    return credential === undefined ? undefined : this.ofShown(context, kind, credential);
  }

  private ofShown(
    context: ExecutionContext,
    kind: CallContext,
    credential: Credential,
  ): MaybePromise<Caller | undefined> {
    const request = kind.request(context);
    const options = () => ({ client: request && this.settings.client(request) });
    if (typeof credential === 'string') {
      return this.callers.ofCredential(bare(credential), options);
    }
    if (typeof credential === 'object' && 'headers' in credential)
      return this.callers.of(credential, options);
    throw new LatchkeyError('invalid_config', {
      message: 'What credentialFrom gives must be text, or have headers.',
    });
  }
}

/** A token without the name of its scheme. */
function bare(credential: string): string {
  return credential.replace(/^bearer +/i, '');
}

/** Injects the `CallerService` of a set of providers. */
export function callerServiceToken(name?: string): string {
  return name === undefined ? 'LATCHKEY_CALLERS' : `LATCHKEY_CALLERS:${name}`;
}
