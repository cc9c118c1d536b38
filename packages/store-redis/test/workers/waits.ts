import { writeFileSync } from 'node:fs';
import { createDeadlines } from '../../src/deadlines.js';

// A process that waits for one thing, and no longer for others; it says how long it lived.
const now = () => performance.now();
const startedAt = now();
let endedAfterMs = 0;
const deadlines = createDeadlines(200, now);
deadlines.start(() => {})();
deadlines.start(() => (endedAfterMs = now() - startedAt));
createDeadlines(60_000, now).start(() => {})();
process.on('exit', () => {
  writeFileSync(1, JSON.stringify({ endedAfterMs, exitAfterMs: now() - startedAt }));
});
