const AsyncFunction = (async () => {}).constructor;

/**
 * A workload of calls that are each awaited before the next.
 *
 * Its loop is compiled from text, so that no other workload shares it: V8 optimises one function for all that went
 * through it, and a loop that has called ten others calls each of them the slow way.
 *
 * @param {string} name
 * @param {() => unknown} get
 */
export function asyncLoop(name, get) {
  const run = new AsyncFunction('get', 'calls', loopOver('await get()', name));
  return { name, run: (calls) => run(get, calls) };
}

/** A workload of calls that answer at once; otherwise as `asyncLoop`. */
export function loop(name, get) {
  const run = new Function('get', 'calls', loopOver('get()', name));
  return { name, run: (calls) => run(get, calls) };
}

// The name makes the text another one: of equal texts V8 would give one and the same function.
function loopOver(expression, name) {
  return `// ${name}
    let given;
    for (let call = 0; call < calls; call += 1) given = ${expression};
    return given;`;
}
