/**
 * What a submitted form holds under `name`: a field, or one inside others, as in `user[email]`. The latter is found both
 * where the body parser made objects of brackets and where it left them in the name.
 *
 * Own properties only: nothing is found through a prototype, nor under a name that stands for one.
 */
export function fieldOf(form: unknown, name: string): unknown {
  if (!name.includes('[')) return prototypeNames.has(name) ? undefined : ownProperty(form, name);
  const path = name.replaceAll(']', '').split('[');
  if (path.some((segment) => prototypeNames.has(segment))) return undefined;
  const flat = ownProperty(form, name);
  return flat ?? path.reduce(ownProperty, form);
}

const prototypeNames: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

function ownProperty(object: unknown, name: string): unknown {
  if (typeof object !== 'object' || object === null || !Object.hasOwn(object, name)) return undefined;
  return (object as Record<string, unknown>)[name];
}
