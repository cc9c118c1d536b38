/* eslint-disable @typescript-eslint/no-namespace, @typescript-eslint/no-empty-object-type --
   This is how Express lets a type be added to its requests: global, open interfaces, merged by name. */
declare global {
  namespace Express {
    /** What `req.user` is. An application says it once: `interface User extends Identity {}`. */
    interface User {}
    /** What `req.authInfo` is. */
    interface AuthInfo {}
    // As in @types/passport, to the letter: with other types the two would not merge.
    interface Request {
      authInfo?: AuthInfo | undefined;
      user?: User | undefined;
    }
  }
}

export type {};
