import { SUM_FIELD } from './entry-codec.ts';

/** Milliseconds since the epoch, by the clock of Redis. */
export const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)`;

/**
 * Names the memory of this server: a server that started anew, was promoted or was given other data
 * has another name, and a replica has none.
 */
export const MEMORY = `
local info = redis.call('INFO', 'replication')
local memory = string.find(info, 'role:master', 1, true) and string.match(info, 'master_replid:(%x+)') or ''`;

/** As a replica refuses a write, so that the connection is replaced. */
export const MEMORY_OF_MASTER = `${MEMORY}
if memory == '' then
  return redis.error_reply('READONLY the server is a replica')
end`;

/**
 * Writes nothing to the mark, and fails where Redis takes no writes: it is full, cannot save, or has
 * lost its replicas. What was stored since has no entry then, and nobody can withdraw the mark.
 */
export const WRITABLE = (mark: string) => `redis.call('SETRANGE', ${mark}, 0, '')`;

/** Seconds since the epoch, in four octets. */
export const ADDED = `
local added = struct.pack('>I4', redis.call('TIME')[1])`;

/**
 * What a new epoch is called: the first argument, which is new, since when it lasts, and the memory
 * that it is of. One begins whenever entries may be missing.
 */
export const EPOCH = `ARGV[1] .. ' ' .. string.format('%.0f', now) .. ' ' .. memory`;

/** How many entries a mailbox, the first key, has; the sum is not one. */
export const COUNT = `
local sum = redis.call('HGET', KEYS[1], '${SUM_FIELD}')
local count = redis.call('HLEN', KEYS[1]) - (sum and 1 or 0)`;

/**
 * How many octets they have. Added up here if the sum was made for another number of entries: the former
 * version changes entries without it.
 */
export const AMOUNT = `${COUNT}
local function sizeOf(value)
  local high, middle, low = string.byte(value, -3, -1)
  return low and high * 65536 + middle * 256 + low or 0
end
local octets, summed = string.match(sum or '', '^(%d+) (%d+)$')
local isSummed = tonumber(summed) == count
octets = isSummed and tonumber(octets) or 0
if not isSummed and count > 0 then
  local all = redis.call('HGETALL', KEYS[1])
  for at = 1, #all, 2 do
    octets = octets + (all[at] == '${SUM_FIELD}' and 0 or sizeOf(all[at + 1]))
  end
end`;

/** To change entries of a mailbox, the first key; {@link KEPT} must follow. */
export const CHANGING = `${AMOUNT}
local function remove(field, value)
  redis.call('HDEL', KEYS[1], field)
  octets, count = octets - sizeOf(value), count - 1
end
local function put(field, value, former)
  redis.call('HSET', KEYS[1], field, value)
  octets, count = octets + sizeOf(value), count + 1
  if former then
    octets, count = octets - sizeOf(former), count - 1
  end
end`;

/** Writes the sum, and for how many entries it was made, if that changed. A mailbox without entries has none. */
export const KEPT = `
octets = string.format('%.0f', octets)
if count == 0 then
  redis.call('DEL', KEYS[1])
elseif sum ~= octets .. ' ' .. count then
  redis.call('HSET', KEYS[1], '${SUM_FIELD}', octets .. ' ' .. count)
end`;

/** Goes on only if the part of the mark, the second key, is complete. */
export const IF_COMPLETE = `
local mark = redis.call('GET', KEYS[2])
if not mark then
  return false
end
${WRITABLE('KEYS[2]')}
${MEMORY_OF_MASTER}
if mark ~= memory then
  return false
end`;

/** Whether the lease, the key in `lease`, is of the census `id`, and since when. */
export const isLeased = (lease: string, id: string) => `
local id, since = string.match(redis.call('GET', ${lease}) or '', '^(%S+) (%d+)$')
local isLeased = id == ${id}`;
