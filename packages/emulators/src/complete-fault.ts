import type { Fault, FaultKind, FaultObject } from './fault.js';
import {
  accepting,
  amount,
  checkedValues,
  oneOf,
  type Setting,
  type Settings,
  standardValues,
} from './setting.js';

/** A fault with every parameter filled in. */
export type CompleteFault = { [Kind in FaultKind]: Required<FaultOf<Kind>> }[FaultKind];

/**
 * Fills in the defaults of a fault.
 *
 * @throws TypeError that names an unknown kind, an unknown parameter or a bad value.
 */
export function completeFault(fault: Fault): CompleteFault {
  // Tests are written without types, too.
  const { kind, ...given } = typeof fault === 'string' ? { kind: fault } : { ...fault };
  if (!Object.hasOwn(parameters, kind)) {
    throw new TypeError(
      `Unknown fault ${JSON.stringify(kind)}. Known: ${Object.keys(parameters).join(', ')}.`,
    );
  }
  const settings: Readonly<Record<string, Setting<unknown>>> = parameters[kind];
  const complete = {
    kind,
    ...standardValues(settings),
    ...checkedValues(`parameter of ${kind}`, settings, given),
  };
  return complete as CompleteFault;
}

/** The switch that plays one fault on every request: off by default. */
export const faultSetting: Setting<Fault | undefined> = accepting<Fault | undefined>(
  undefined,
  'a fault or undefined',
  (value) => value === undefined || isFault(value),
);

type FaultOf<Kind extends FaultKind> = Extract<FaultObject, { kind: Kind }>;
type Parameters<Kind extends FaultKind> = Omit<Required<FaultOf<Kind>>, 'kind'>;

const MIB = 2 ** 20;

const none = {};

const retryAfter: Parameters<'unavailable' | 'rate-limited'> extends infer Values ? Settings<Values> : never =
  {
    retryAfter: accepting<number | string | false>(
      1,
      'seconds, a text or false',
      (value) =>
        value === false || typeof value === 'string' || (Number.isFinite(value) && Number(value) >= 0),
    ),
    form: oneOf<'seconds' | 'date'>('seconds', 'date'),
  };

// The smallest padded JSON object has 14 bytes.
const size = (bytes: number) =>
  accepting(bytes, 'a whole number from 14', (n) => Number.isInteger(n) && Number(n) >= 14);

const parameters: { readonly [Kind in FaultKind]: Settings<Parameters<Kind>> } = {
  'slow-headers': { delayMs: amount(1_000, { least: 0 }) },
  'slow-body': { intervalMs: amount(50, { least: 0 }) },
  never: none,
  reset: none,
  'reset-mid-body': none,
  garbage: none,
  'html-500': none,
  'bad-gateway': none,
  unavailable: retryAfter,
  'gateway-timeout': none,
  'rate-limited': retryAfter,
  redirect: {
    status: oneOf<301 | 302 | 303 | 307 | 308>(307, 301, 302, 303, 308),
    location: accepting<string | undefined>(
      undefined,
      'a text',
      (value) => value === undefined || typeof value === 'string',
    ),
  },
  echo: { status: amount(400, { least: 200 }) },
  'wrong-shape': {
    json: accepting<unknown>({ unexpected: [1, 'two', null] }, 'JSON', (value) => value !== undefined),
  },
  'deep-nesting': { depth: amount(100_000, { least: 1 }) },
  'huge-body': { bytes: size(200 * MIB), length: oneOf<'chunked' | 'declared'>('chunked', 'declared') },
  'gzip-bomb': { bytes: size(200 * MIB) },
  'truncated-json': none,
  'wrong-content-type': none,
  bom: none,
  gzip: { encoding: oneOf<'gzip' | 'deflate' | 'br'>('gzip', 'deflate', 'br') },
  'token-crlf': none,
  'token-huge': { bytes: amount(200 * 1024, { least: 1 }) },
  close: none,
};

function isFault(value: unknown): boolean {
  try {
    completeFault(value as Fault);
    return true;
  } catch {
    return false;
  }
}
