/**
 * @typedef {object} MeasuredProcess
 * @property {(collects: boolean) => number | Promise<number>} cpuMs the CPU time, user and system, of all its threads, since
 *   it began; once it has collected its young garbage, if it is to.
 */

/** @type {MeasuredProcess} */
export const thisProcess = {
  cpuMs(collects) {
    // The young garbage. To collect all of it makes V8 forget code, and more of it the larger a library is.
    if (collects) globalThis.gc?.({ type: 'minor' });
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  },
};
