import type { Counts } from '@latchkey/core/store';
import type { KeyRing } from './key-ring.js';
import { numberIn, type RedisCommands } from './redis-commands.js';
import { run, script } from './script.js';

/** Counts against limits over sliding windows, by the clock of Redis: one for all processes. */
export interface Counters {
  take(key: string, counts: Counts): Promise<{ taken: boolean; retryAfterMs: number }>;
}

/**
 * Where there are several secrets it is counted under each, so that processes which have one of them in common keep one limit
 * together, at whatever step of a rotation they are.
 */
export function createCounters(commands: RedisCommands, ring: KeyRing): Counters {
  return {
    async take(key, counts) {
      const taken: string[] = [];
      const giveBack = async () => {
        for (const name of taken) await takeAt(name, { ...counts, cost: -counts.cost });
      };
      for (const name of ring.map((secret) => secret.nameOf('count', key)).sort()) {
        const retryAfterMs = await takeAt(name, counts).catch(async (error: unknown) => {
          await giveBack().catch(() => undefined); // it counts until its span is over
          throw error;
        });
        if (retryAfterMs > 0) {
          await giveBack();
          return { taken: false, retryAfterMs };
        }
        taken.push(name);
      }
      return { taken: true, retryAfterMs: 0 };
    },
  };

  /** How long it is until it can be taken; 0 where it was. */
  async function takeAt(name: string, { limit, perMs, cost }: Counts): Promise<number> {
    const micros = Math.min(Math.ceil(perMs * 1_000), longestMicros);
    const waitMicros = await run(commands, takeScript, [name], [limit, micros, cost].map(String));
    return Math.ceil(numberIn(waitMicros) / 1_000);
  }
}

/**
 * ARGV: limit, span in microseconds, cost. Returns 0, or the microseconds until there is room.
 *
 * The list has an entry 'moment total' for each that was taken, oldest first; the total is of all costs so far, so that what a
 * span holds is the difference of two. The first entry has left the window already: the others are counted from it.
 */
const takeScript = script(`
local key, limit, span, cost = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]

local function entry(index)
  local text = redis.call('LINDEX', key, index)
  if not text then return nil end
  local at, total = string.match(text, '^(%S+) (%S+)$')
  return tonumber(at), tonumber(total)
end
local function packed(at, total) return string.format('%.0f %.0f', at, total) end

local newest, total = entry(-1)
if not newest then
  if cost <= 0 then return 0 end
  redis.call('RPUSH', key, packed(0, 0))
  newest, total = 0, 0
end
if newest > now then
  -- The clock was set back. As if all had been taken so much earlier, and the newest just now.
  for index = 1, redis.call('LLEN', key) - 1 do
    local at, sum = entry(index)
    redis.call('LSET', key, index, packed(at - newest + now, sum))
  end
end

local oldest = entry(1)
while oldest and oldest + span <= now do
  redis.call('LPOP', key)
  oldest = entry(1)
end
local _, before = entry(0)

local left = -cost
while left > 0 and total > before do
  local at = entry(-1)
  local _, previous = entry(-2)
  local part = math.min(left, total - previous)
  left, total = left - part, total - part
  if total == previous then redis.call('RPOP', key) else redis.call('LSET', key, -1, packed(at, total)) end
end

if total == before and cost <= 0 then
  redis.call('DEL', key)
  return 0
end
-- When it is refused, too: with a longer span than before, what is there counts for longer.
redis.call('PEXPIRE', key, math.ceil(span / 1000))
if cost > 0 then
  if total - before + cost > limit then
    local index, at, sum = 0, 0, 0
    repeat
      index = index + 1
      at, sum = entry(index)
    until total - sum + cost <= limit
    return math.max(1, at + span - now)
  end
  redis.call('RPUSH', key, packed(now, total + cost))
end
return 0
`);

// A hundred years.
const longestMicros = 100 * 365 * 24 * 3_600_000_000;
