import { accepting, checkedValues, type Setting } from './setting.js';

/**
 * Checks what an emulator is started with: the port, the users, and that there are no other options than these and
 * `others`.
 *
 * @throws TypeError that names the first unknown option or bad value.
 */
export function checkStartOptions(
  options: object,
  others: Readonly<Record<string, Setting<unknown>>> = {},
): void {
  checkedValues('option', { ...startOptions, ...others }, options);
}

/** An option that is text and not empty. */
export const textOption: Setting<unknown> = accepting<unknown>(
  undefined,
  'text that is not empty',
  (value) => value === undefined || isText(value),
);

const startOptions: Readonly<Record<string, Setting<unknown>>> = {
  port: accepting<unknown>(0, 'a whole number from 0 to 65535', (port) => {
    return port === undefined || (Number.isInteger(port) && Number(port) >= 0 && Number(port) <= 65_535);
  }),
  users: accepting<unknown>(undefined, 'a list of users with email and password', (users) => {
    return users === undefined || (Array.isArray(users) && users.every(isUser));
  }),
  behaviour: accepting<unknown>(undefined, 'an object of switches', (behaviour) => {
    return behaviour === undefined || (typeof behaviour === 'object' && behaviour !== null);
  }),
};

function isUser(user: unknown): boolean {
  if (typeof user !== 'object' || user === null || !('email' in user) || !('password' in user)) return false;
  return isText(user.email) && isText(user.password);
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}
