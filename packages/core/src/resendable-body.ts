/** Whether a body can be sent twice: none, text, bytes, a form, a blob. A stream is gone once it was read. */
export function isResendable(body: unknown): boolean {
  if (body === undefined || body === null || typeof body === 'string') return true;
  if (body instanceof ArrayBuffer || ArrayBuffer.isView(body)) return true;
  // By name, since each copy of undici has a FormData of its own.
  return resendable.has(Object.prototype.toString.call(body));
}

const resendable: ReadonlySet<string> = new Set([
  '[object Blob]',
  '[object File]',
  '[object FormData]',
  '[object SharedArrayBuffer]',
  '[object URLSearchParams]',
]);
