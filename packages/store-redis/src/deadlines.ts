/** Deadlines of calls, all of the same length. */
export interface Deadlines {
  /** Calls `onEnd` when the time is over, unless what it gives is called before. */
  start(onEnd: () => void): () => void;
}

interface Deadline {
  readonly endsAt: number;
  onEnd?: (() => void) | undefined;
}

/**
 * One timer for all: what is mostly called off must not cost a timer each. It does not keep the process alive unless a call is
 * waited for.
 *
 * Where this process was busy for so long, which says nothing of the other side, it first looks at what has come meanwhile.
 *
 * @param now a monotonic clock.
 */
export function createDeadlines(ms: number, now: () => number): Deadlines {
  /** In the order in which they end; those before `first` are over. */
  let queue: Deadline[] = [];
  let first = 0;
  let running = 0;
  let timer: NodeJS.Timeout | undefined;
  let wakesAt = 0;
  /** Those that end by then were given the time that this process was busy. */
  let givenTo = -Infinity;

  return {
    start(onEnd) {
      // Calls that are answered at once would else stay in it for as long as their time.
      if (queue.length > 2 * running + spare) {
        queue = queue.slice(first).filter(isRunning);
        first = 0;
      }
      const deadline: Deadline = { endsAt: now() + ms, onEnd };
      queue.push(deadline);
      running += 1;
      if (!timer) wakeAfter(ms);
      else if (running === 1) timer.ref();
      return () => {
        if (!deadline.onEnd) return;
        deadline.onEnd = undefined;
        running -= 1;
        if (running === 0) timer?.unref();
      };
    },
  };

  function wakeAfter(delayMs: number) {
    wakesAt = now() + delayMs;
    timer = setTimeout(wake, delayMs);
  }

  function wake() {
    const at = now();
    const busyForMs = at - wakesAt;
    // What has come is read before that.
    setImmediate(() => {
      if (busyForMs <= busyMs) {
        endUpTo(at);
        wakeForNext();
      } else {
        endUpTo(givenTo);
        givenTo = at;
        // Busy just after a call was made, it may not even have sent it.
        wakeForNext(Math.min(busyForMs, ms));
      }
    });
  }

  function endUpTo(at: number) {
    for (let next = nextRunning(); next && next.endsAt <= at; next = nextRunning()) {
      const { onEnd } = next;
      next.onEnd = undefined;
      running -= 1;
      onEnd?.();
    }
  }

  function wakeForNext(afterMs = 0) {
    const next = nextRunning();
    if (next) wakeAfter(Math.max(Math.ceil(next.endsAt - now()), afterMs));
    else timer = undefined;
  }

  function nextRunning(): Deadline | undefined {
    while (first < queue.length && !queue[first]?.onEnd) first += 1;
    return queue[first];
  }
}

function isRunning({ onEnd }: Deadline): boolean {
  return onEnd !== undefined;
}

const busyMs = 20;
// Few: what outlives its call by many others is taken for lasting by V8, and is then collected with all of the heap.
const spare = 64;
