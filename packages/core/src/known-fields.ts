/** `Fields`, with those that may be `undefined` made optional. */
export type KnownFields<Fields extends object> = {
  [Name in keyof Fields as undefined extends Fields[Name] ? never : Name]: Fields[Name];
} & {
  [Name in keyof Fields as undefined extends Fields[Name] ? Name : never]?: Exclude<Fields[Name], undefined>;
};

/** A copy without the fields that are `undefined`: what is not known is absent, so that it neither prints nor counts. */
export function knownFields<const Fields extends object>(fields: Fields): KnownFields<Fields> {
  // Mostly all are known, and a copy as a whole is quick.
  if (!Object.values(fields).includes(undefined)) return { ...fields };
  const known: Record<string, unknown> = {};
  for (const name of Object.keys(fields)) {
    const value = fields[name as keyof Fields];
    if (value === undefined) continue;
    if (name !== '__proto__') known[name] = value;
    // To assign that one would set the prototype.
    else Object.defineProperty(known, name, { value, enumerable: true, configurable: true, writable: true });
  }
  return known as KnownFields<Fields>;
}
