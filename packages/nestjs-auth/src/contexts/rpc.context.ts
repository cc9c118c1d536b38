import type { CallContext } from './call-context.js';

/** Message handlers of microservices. Nothing in a message is a credential by itself. */
export const rpcContext: CallContext = {
  keepsUser: false,
  credential: () => undefined,
  request: () => undefined,
  carrier: (context) => firstObject(context.getArgByIndex(1), context.getArgByIndex(0)),
  async exception({ body }) {
    const { RpcException } = await import('@nestjs/microservices');
    return new RpcException({ status: 'error', ...body });
  },
};

function firstObject(...values: unknown[]): object | undefined {
  return values.find((value): value is object => typeof value === 'object' && value !== null);
}
