import { type Answer, jsonAnswer } from './answer.js';
import type { LclxBehaviour } from './lclx-behaviour.js';
import type { RecordedRequest } from './recorded-request.js';

/** A record with the names and types it has on the wire. */
export type LclxRecord = Readonly<Record<string, unknown>>;

/** Writes records as LCLXchange writes lists: an object keyed "0", "1", …, or as the switches say. */
export function lclxList(records: readonly LclxRecord[], behaviour: LclxBehaviour): unknown {
  if (records.length === 0) {
    return { object: {}, array: [], absent: undefined }[behaviour.emptyLists];
  }
  return behaviour.lists === 'array' ? records : Object.fromEntries(records.entries());
}

/**
 * Answers a GET for a list: all records without a body or without an index, the one that `{"index": …}` names,
 * an empty list where there is none, 400 for a body that is not that.
 */
export function lclxListAnswer(
  key: string,
  records: readonly LclxRecord[],
  { body }: RecordedRequest,
  behaviour: LclxBehaviour,
): Answer {
  const wanted = wantedIndex(body);
  if (wanted === 'malformed')
    return jsonAnswer(400, { message: 'The body must be {"index":"…"} or nothing.' });
  const all = behaviour.noRecords ? [] : records;
  const found = wanted === undefined ? all : all.filter(({ index }) => Number(index) === wanted);
  return jsonAnswer(200, { [key]: lclxList(found, behaviour) });
}

/** The number that an index stands for, written as a number or as digits; `undefined` for anything else. */
export function readIndex(value: unknown): number | undefined {
  if (typeof value === 'string' && /^\d{1,15}$/.test(value)) return Number(value);
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

function wantedIndex(body: unknown): number | undefined | 'malformed' {
  if (body === undefined) return undefined;
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return 'malformed';
  return 'index' in body ? (readIndex(body.index) ?? 'malformed') : undefined;
}
