import { concealer } from '@latchkey/core';

/** Puts the id of a session into an object where it is read by name, and does not show: `req.authInfo` ends up in logs. */
export const withId = concealer('id');
