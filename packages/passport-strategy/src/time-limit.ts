/** The time that one request may take. */
export interface TimeLimit {
  /** Aborted, with the error of the limit, when the time is over. Made when it is asked for: most requests need none. */
  signal(): AbortSignal;
  isOver(): boolean;
  /** Settles as `work` does, which ends the limit, or rejects when the time is over; `work` itself goes on. */
  bound<T>(work: Promise<T>): Promise<T>;
  stop(): void;
}

/** @param onEnd makes the error of the limit. */
export function startTimeLimit(ms: number, onEnd: () => Error): TimeLimit {
  let ended: Error | undefined;
  let controller: AbortController | undefined;
  let reject: (error: Error) => void = () => {};
  const timer = setTimeout(() => {
    ended = onEnd();
    controller?.abort(ended);
    reject(ended);
  }, ms);

  return {
    signal() {
      controller ??= new AbortController();
      if (ended) controller.abort(ended);
      return controller.signal;
    },
    isOver: () => ended !== undefined,
    bound: <T>(work: Promise<T>) =>
      new Promise<T>((resolve, fail) => {
        reject = fail;
        work.then(
          (result) => {
            clearTimeout(timer);
            resolve(result);
          },
          (error: unknown) => {
            clearTimeout(timer);
            fail(error);
          },
        );
      }),
    stop: () => clearTimeout(timer),
  };
}
