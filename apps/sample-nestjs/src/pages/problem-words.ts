import type { ErrorCode } from '@latchkey/core';
import { isProviderDown } from './provider-down.js';

/** Title and text of the page that says what went wrong, by the code of an error of Latchkey or the status of another. */
export function problemWords(problem: ErrorCode | number): { readonly title: string; readonly text: string } {
  if (typeof problem === 'string' && isProviderDown(problem))
    return {
      title: 'No answer',
      text: 'The system that knows this does not answer. You are still signed in; try again later.',
    };
  switch (problem) {
    case 'entitlement_required':
      return {
        title: 'A licence is needed',
        text: 'This page is for those who have an active licence of the product at Cryptlex.',
      };
    case 'csrf_rejected':
      return {
        title: 'Sent from another site',
        text: 'What was sent came from another site, so nothing was done with it. Open the page here, and try again.',
      };
    case 'rate_limited':
    case 429:
      return { title: 'Too many requests', text: 'Wait a little, and try again.' };
    case 'store_error':
    case 'closed':
      return { title: 'Not available', text: 'This does not work at the moment. Try again later.' };
    case 404:
      return { title: 'Not found', text: 'There is no such page.' };
    default:
      return {
        title: 'Something went wrong',
        text: 'This did not work. Try again later.',
      };
  }
}
