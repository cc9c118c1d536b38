import { setTimeout as passed } from 'node:timers/promises';

/** Asks again and again until `holds` says so. Throws after `withinMs`, by default 15 s, and names what did not come. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  { withinMs = 15_000 } = {},
): Promise<void> {
  const startedAt = performance.now();
  while (!(await holds())) {
    if (performance.now() - startedAt > withinMs) throw new Error(`In ${withinMs} ms: not ${what}.`);
    await passed(10);
  }
}
