import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCircuitBreaker } from '../src/circuit-breaker.js';

const most = 3;
const spanMs = 1_000;

function breakerAt(startMs = 0) {
  const clock = { ms: startMs };
  return { clock, ...createCircuitBreaker({ most, spanMs }, () => clock.ms) };
}

describe('a circuit breaker', () => {
  it('admits all calls until several in a row were not answered', () => {
    const { admits, answered, unanswered } = breakerAt();
    for (let round = 0; round < 10; round += 1) {
      for (let call = 1; call < most; call += 1) unanswered();
      expect(admits()).toBe(true);
      answered();
    }
    for (let call = 0; call < most; call += 1) unanswered();
    expect(admits()).toBe(false);
  });

  it('X3: admits one trial in each span while it is open', () => {
    const { clock, admits, unanswered } = breakerAt();
    for (let call = 0; call < most; call += 1) unanswered();
    let trials = 0;
    for (; clock.ms < 10 * spanMs; clock.ms += 1) {
      if (!admits()) continue;
      trials += 1;
      expect(admits()).toBe(false);
    }
    expect(trials).toBe(9);
  });

  it('is closed by an answer, however long it was open', () => {
    const { clock, admits, answered, unanswered } = breakerAt();
    for (let call = 0; call < most; call += 1) unanswered();
    clock.ms = 1e9;
    expect(admits()).toBe(true);
    unanswered();
    expect(admits()).toBe(false);
    answered();
    for (let call = 0; call < 100; call += 1) expect(admits()).toBe(true);
  });

  it('admits a trial one span after it opened, whatever calls from before then end', () => {
    const { clock, admits, unanswered } = breakerAt();
    for (let call = 0; call < most; call += 1) unanswered();
    for (; clock.ms < spanMs; clock.ms += 100) {
      expect(admits()).toBe(false);
      unanswered();
    }
    expect(admits()).toBe(true);
  });

  it('X3: keeps its word over any sequence', () => {
    fc.assert(
      fc.property(fc.integer(), fc.array(step, { maxLength: 200 }), (startMs, steps) => {
        const { clock, admits, answered, unanswered } = breakerAt(startMs);
        let inARow = 0;
        let openedAt = 0;
        let lastTrialAt = -Infinity;
        for (const { kind, ms } of steps) {
          clock.ms += ms;
          if (kind === 'answered') {
            answered();
            inARow = 0;
            lastTrialAt = -Infinity;
          } else if (kind === 'unanswered') {
            unanswered();
            inARow += 1;
            if (inARow === most) openedAt = clock.ms;
          } else if (inARow < most) {
            expect(admits()).toBe(true);
          } else {
            const isDue = clock.ms >= Math.max(openedAt, lastTrialAt) + spanMs;
            expect(admits()).toBe(isDue);
            if (isDue) lastTrialAt = clock.ms;
          }
        }
        // Never stuck.
        clock.ms += spanMs;
        expect(admits()).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });
});

const step = fc.record({
  kind: fc.constantFrom('admits', 'admits', 'unanswered', 'unanswered', 'answered'),
  ms: fc.constantFrom(0, 0, 1, 400, spanMs - 1, spanMs),
});
