import { script } from './script.js';

// Each ends by telling the names of what it has changed: ARGV[1] is the channel, ARGV[2] the names.

/** KEYS: where it is written, and where else it may be. ARGV: channel, names, value, milliseconds. */
export const setScript = script(`
redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[4])
for i = 2, #KEYS do redis.call('DEL', KEYS[i]) end
redis.call('PUBLISH', ARGV[1], ARGV[2])
return 1
`);

/**
 * KEYS: wherever it may be. ARGV: channel, names; then the value that has to be at the first key, where that matters. Returns how
 * many there were.
 */
export const deleteScript = script(`
if ARGV[3] and redis.call('MGET', KEYS[1])[1] ~= ARGV[3] then return 0 end
local deleted = redis.call('DEL', unpack(KEYS))
redis.call('PUBLISH', ARGV[1], ARGV[2])
return deleted
`);

/**
 * KEYS and ARGV as in `setScript`; then, for each key, what the value there begins with. That of the first key that has one
 * counts. Nothing more: no key may have one. Returns 1, or 0 where something else is there.
 *
 * What is empty, or is no text, is none: it cannot have been sealed, and must not stand in the way.
 */
export const replaceScript = script(`
local isThere = false
local found = redis.call('MGET', unpack(KEYS))
for i = 1, #KEYS do
  if found[i] and found[i] ~= '' then
    local head = ARGV[4 + i]
    if not head or head == '' or string.sub(found[i], 1, #head) ~= head then return 0 end
    isThere = true
    break
  end
end
if not isThere and #ARGV > 4 then return 0 end
redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[4])
for i = 2, #KEYS do redis.call('DEL', KEYS[i]) end
redis.call('PUBLISH', ARGV[1], ARGV[2])
return 1
`);
