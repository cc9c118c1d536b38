import type { ServerResponse } from 'node:http';
import { type Answer, sendAnswer } from './answer.js';
import type { CompleteFault } from './complete-fault.js';
import { faultyAnswer } from './faulty-answer.js';
import { paddedAnswer } from './padded-answer.js';
import type { RecordedRequest } from './recorded-request.js';
import { sendHalf, sendLater, sendSlowly } from './troubled-sending.js';

/** One request under way: what a fault can see and touch. */
export interface Exchange {
  readonly request: RecordedRequest;
  readonly response: ServerResponse;
  /** Runs the route. A fault that answers instead of it does not call this. */
  readonly answer: () => Answer;
  /** Puts another access token into an answer that has one. */
  readonly withToken: (answer: Answer, token: string) => Answer;
  readonly port: number;
  readonly now: () => number;
}

/** Plays one fault to its end on the wire; what each kind does stands in `fault.ts`. */
export function playFault(fault: CompleteFault, exchange: Exchange): void {
  const { response, answer } = exchange;
  switch (fault.kind) {
    case 'slow-headers':
      sendLater(response, answer(), fault.delayMs);
      break;
    case 'slow-body':
      sendSlowly(response, answer(), fault.intervalMs);
      break;
    case 'reset-mid-body':
      sendHalf(response, answer());
      break;
    case 'never':
      break;
    case 'reset':
      response.socket?.resetAndDestroy();
      break;
    case 'garbage':
      response.socket?.end(NOT_HTTP);
      break;
    case 'huge-body':
      paddedAnswer(response, { bytes: fault.bytes, declared: fault.length === 'declared' });
      break;
    case 'gzip-bomb':
      paddedAnswer(response, { bytes: fault.bytes, gzip: true });
      break;
    default:
      sendAnswer(response, faultyAnswer(fault, exchange));
  }
}

const NOT_HTTP = '\u0000\u0001\u0002 these are not the bytes of HTTP\r\n\r\n';
