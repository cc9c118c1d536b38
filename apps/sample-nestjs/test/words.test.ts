import { describe, expect, it } from 'vitest';
import { day, distance, duration } from '../src/pages/words.js';

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const daysLong = 24 * hour;

describe('duration', () => {
  it.each([
    [1, '1 second'],
    [second, '1 second'],
    [119 * second, '119 seconds'],
    [120 * second, '2 minutes'],
    [121 * second, '3 minutes'],
    [5 * minute, '5 minutes'],
    [2 * hour, '2 hours'],
    [0, '1 second'],
  ])('of %i ms is %s: never too short', (ms, words) => {
    expect(duration(ms)).toBe(words);
  });
});

describe('distance', () => {
  it.each([
    [300 * daysLong, 'in 9 months'],
    [19 * daysLong, 'in 2 weeks'],
    [2 * daysLong, 'in 2 days'],
    [30 * hour, 'in 30 hours'],
    [12 * hour, 'in 12 hours'],
    [5 * minute, 'in 5 minutes'],
    [0, 'now'],
    [-90 * second, '90 seconds ago'],
    [-2 * daysLong, '2 days ago'],
    [-75 * daysLong, '2 months ago'],
    [-3 * 366 * daysLong, '3 years ago'],
  ])('of %i ms is %s', (ms, words) => {
    const now = Date.parse('2026-11-22T12:00:00Z');
    expect(distance(now + ms, now)).toBe(words);
  });
});

it('a day is told without a zone of its own', () => {
  expect(day(Date.parse('2027-01-04T23:59:59Z'))).toBe('4 January 2027');
});
