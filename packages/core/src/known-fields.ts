/** `Fields`, with those that may be `undefined` made optional. */
export type KnownFields<Fields extends object> = {
  [Name in keyof Fields as undefined extends Fields[Name] ? never : Name]: Fields[Name];
} & {
  [Name in keyof Fields as undefined extends Fields[Name] ? Name : never]?: Exclude<Fields[Name], undefined>;
};

/** A copy without the fields that are `undefined`: what is not known is absent, so that it neither prints nor counts. */
export function knownFields<const Fields extends object>(fields: Fields): KnownFields<Fields> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  ) as KnownFields<Fields>;
}
