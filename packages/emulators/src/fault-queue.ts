import { type CompleteFault, completeFault } from './complete-fault.js';
import type { Fault } from './fault.js';
import type { RecordedRequest } from './recorded-request.js';

/** Which requests a queued fault is for; what is left out matches every one. */
export interface FaultTarget {
  readonly method?: string;
  /** The whole path, without the query. */
  readonly path?: string;
}

/** Faults that wait for their request, each for one. */
export interface FaultQueue {
  /** Queues a fault; throws TypeError where it is none. */
  readonly add: (fault: Fault, target?: FaultTarget) => void;
  /** Takes out the oldest fault that this request matches. */
  readonly take: (request: RecordedRequest) => CompleteFault | undefined;
  readonly clear: () => void;
}

/** An empty queue. */
export function faultQueue(): FaultQueue {
  const waiting: { fault: CompleteFault; target: FaultTarget }[] = [];
  return {
    add: (fault, target = {}) => void waiting.push({ fault: completeFault(fault), target }),
    take(request) {
      const at = waiting.findIndex(({ target }) => matches(request, target));
      return at < 0 ? undefined : waiting.splice(at, 1)[0]?.fault;
    },
    clear: () => void waiting.splice(0),
  };
}

function matches(request: RecordedRequest, { method, path }: FaultTarget): boolean {
  return (method ?? request.method) === request.method && (path ?? request.path) === request.path;
}
