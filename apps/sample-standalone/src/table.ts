import { stripVTControlCharacters } from 'node:util';
import Table from 'cli-table3';

/** A table without lines: a heading, a row for each of `rows`, columns as wide as what is in them. */
export function table(
  heading: readonly string[],
  rows: readonly (readonly (string | undefined)[])[],
): string {
  const drawn = new Table({ ...plain, head: heading.map((title) => title.toUpperCase()) });
  drawn.push(...rows.map((row) => row.map((cell) => printable(cell ?? '-'))));
  return withoutTrailingSpaces(drawn);
}

/** Pairs of a name and a value, one to a line; those without a value are left out. */
export function facts(pairs: Readonly<Record<string, string | undefined>>): string {
  const drawn = new Table(plain);
  for (const [name, value] of Object.entries(pairs)) {
    if (value !== undefined) drawn.push([name, printable(value)]);
  }
  return withoutTrailingSpaces(drawn);
}

/** Text that comes from elsewhere, without what would move the cursor, colour the terminal or turn the line around. */
export function printable(text: string): string {
  return stripVTControlCharacters(text).replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '');
}

function withoutTrailingSpaces(drawn: Table.Table): string {
  return drawn.toString().replace(/ +$/gm, '');
}

const none = '';
const plain = {
  style: { head: [], border: [], 'padding-left': 2, 'padding-right': 0 },
  chars: {
    top: none,
    'top-mid': none,
    'top-left': none,
    'top-right': none,
    bottom: none,
    'bottom-mid': none,
    'bottom-left': none,
    'bottom-right': none,
    left: none,
    'left-mid': none,
    mid: none,
    'mid-mid': none,
    right: none,
    'right-mid': none,
    middle: none,
  },
};
