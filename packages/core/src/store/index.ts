// For authors of stores: what every store checks before it does anything, how it fails, and how it can tell values at once.
export { checkKey, checkKeys, checkText, countsIn, spanIn } from '../store-input.js';
export type { Counts } from '../sliding-window.js';
export { peekable, type Peek } from '../peekable.js';
export { safeCause } from '../safe-cause.js';
