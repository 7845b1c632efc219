import type { Cluster, Redis } from 'ioredis';
import { TOKEN_OCTETS, VALUE_OCTETS } from './entry-codec.ts';
import {
  ADDED,
  AMOUNT,
  CHANGING,
  COUNT,
  EPOCH,
  IF_COMPLETE,
  isLeased,
  KEPT,
  MEMORY,
  MEMORY_OF_MASTER,
  NOW,
  WRITABLE,
} from './script-pieces.ts';

/** Each runs whole, on one server; keys of one part share a slot of a cluster. */
const SCRIPTS = {
  /**
   * Keys: mailbox. Arguments: field, token, object, how long a put takes at most in ms. Returns a list: 0 if
   * another put of the same name may be under way, or else 1; entries; octets.
   */
  heldAdd: {
    numberOfKeys: 1,
    lua: `${ADDED}${CHANGING}
local former = redis.call('HGET', KEYS[1], ARGV[1])
put(ARGV[1], ARGV[2] .. added .. ARGV[3], former)
${KEPT}
local age = former and struct.unpack('>I4', added) - struct.unpack('>I4', former, #ARGV[2] + 1)
local isAlone = not former or age * 1000 > tonumber(ARGV[4])
return {isAlone and 1 or 0, count, octets}`,
  },
  /** Keys: mailbox. Arguments: field, token. */
  heldRemove: {
    numberOfKeys: 1,
    lua: `
local value = redis.call('HGET', KEYS[1], ARGV[1])
if not value or string.sub(value, 1, #ARGV[2]) ~= ARGV[2] then
  return 0
end
${CHANGING}
remove(ARGV[1], value)
${KEPT}
return 1`,
  },
  /** Keys: mailbox, mark. Arguments: most entries. Returns the time, then fields and values; or nil. */
  heldRead: {
    numberOfKeys: 2,
    lua: `${IF_COMPLETE}${COUNT}
if count > tonumber(ARGV[1]) then
  return false
end
${NOW}
return {string.format('%.0f', now), redis.call('HGETALL', KEYS[1])}`,
  },
  /**
   * Keys: mailbox, mark. Arguments: most entries of which to tell the oldest. Returns nil, or a list:
   * since when the oldest is held in s, or nil; entries; octets.
   */
  heldTotals: {
    numberOfKeys: 2,
    lua: `${IF_COMPLETE}${AMOUNT}
local oldest = false
if count <= tonumber(ARGV[1]) then
  for _, value in ipairs(redis.call('HVALS', KEYS[1])) do
    local added = #value == ${VALUE_OCTETS} and struct.unpack('>I4', value, ${TOKEN_OCTETS + 1})
    oldest = added and (not oldest or added < oldest) and added or oldest
  end
end
${KEPT}
return {oldest, count, octets}`,
  },
  /** Keys: mark. Returns 1 if the part is complete. */
  heldIsComplete: {
    numberOfKeys: 1,
    lua: `${WRITABLE('KEYS[1]')}
${MEMORY_OF_MASTER}
return redis.call('GET', KEYS[1]) == memory and 1 or 0`,
  },
  /**
   * Keys: mailbox, lease. Arguments: cursor, entries to look at, id. Returns when the lease began, then
   * the next cursor with fields and values; 0 if the lease is lost. The version before leaves a sum behind.
   */
  heldEntries: {
    numberOfKeys: 2,
    lua: `${isLeased('KEYS[2]', 'ARGV[3]')}
if not isLeased then
  return 0
end
${COUNT}
if sum and count == 0 then
  redis.call('DEL', KEYS[1])
end
return {since, redis.call('HSCAN', KEYS[1], ARGV[1], 'COUNT', ARGV[2])}`,
  },
  /** Keys: mailbox. Arguments: field. Returns the time and the value, or nil. */
  heldFind: {
    numberOfKeys: 1,
    lua: `
local value = redis.call('HGET', KEYS[1], ARGV[1])
if not value then
  return false
end
${NOW}
return {string.format('%.0f', now), value}`,
  },
  /** Keys: epoch, mark. Arguments: id. A server that is full still deletes, so that comes first. */
  heldWithdraw: {
    numberOfKeys: 2,
    lua: `${NOW}${MEMORY}
redis.call('DEL', KEYS[2])
redis.call('SET', KEYS[1], ${EPOCH})
return 1`,
  },
  /**
   * Keys: lease, counted, epoch. Arguments: id, lease in ms. Returns the epoch and how long it has
   * lasted; or nil. One that began later than now is over, as the clock was set back.
   */
  heldClaim: {
    numberOfKeys: 3,
    lua: `${NOW}
if redis.call('EXISTS', KEYS[2]) == 1 then
  return false
end
local lease = ARGV[1] .. ' ' .. string.format('%.0f', now)
if not redis.call('SET', KEYS[1], lease, 'NX', 'PX', ARGV[2]) then
  return false
end
${MEMORY}
local epoch = redis.call('GET', KEYS[3]) or ''
local since, its = string.match(epoch, '^%S+ (%d+) (%x*)$')
if its ~= memory or tonumber(since) > now then
  epoch, since = ${EPOCH}, now
  redis.call('SET', KEYS[3], epoch)
end
return {epoch, string.format('%.0f', now - since)}`,
  },
  /** Keys: lease. Arguments: id, lease in ms. */
  heldRenew: {
    numberOfKeys: 1,
    lua: `${isLeased('KEYS[1]', 'ARGV[1]')}
return isLeased and redis.call('PEXPIRE', KEYS[1], ARGV[2]) or 0`,
  },
  /**
   * Keys: mailbox, lease. Arguments: id, numbers of missing and of wrong; field, token and object of
   * each; field and token of each stale.
   */
  heldMend: {
    numberOfKeys: 2,
    lua: `${isLeased('KEYS[2]', 'ARGV[1]')}
if not isLeased then
  return 0
end
${ADDED}${CHANGING}
local function valueWith(field, token)
  local value = redis.call('HGET', KEYS[1], field)
  return value and string.sub(value, 1, #token) == token and value
end
local at = 4
for _ = 1, tonumber(ARGV[2]) do
  if redis.call('HEXISTS', KEYS[1], ARGV[at]) == 0 then
    put(ARGV[at], ARGV[at + 1] .. added .. ARGV[at + 2])
  end
  at = at + 3
end
for _ = 1, tonumber(ARGV[3]) do
  local value = valueWith(ARGV[at], ARGV[at + 1])
  if value then
    put(ARGV[at], string.sub(value, 1, #ARGV[at + 1] + #added) .. ARGV[at + 2], value)
  end
  at = at + 3
end
while ARGV[at] do
  local value = valueWith(ARGV[at], ARGV[at + 1])
  if value then
    remove(ARGV[at], value)
  end
  at = at + 2
end
${KEPT}
return 1`,
  },
  /**
   * Keys: lease, counted, epoch, mark, totals. Arguments: id, epoch, how long to leave the part alone
   * in ms, totals, how long it is complete in ms. Returns -1 if the lease is lost, 0 if something was announced in vain.
   */
  heldComplete: {
    numberOfKeys: 5,
    lua: `${isLeased('KEYS[1]', 'ARGV[1]')}
if not isLeased then
  return -1
end
${MEMORY}
redis.call('DEL', KEYS[1])
if redis.call('GET', KEYS[3]) ~= ARGV[2] or memory ~= string.match(ARGV[2], ' (%x+)$') then
  return 0
end
redis.call('SET', KEYS[4], memory, 'PX', ARGV[5])
redis.call('SET', KEYS[2], '', 'PX', ARGV[3])
redis.call('SET', KEYS[5], ARGV[4])
return 1`,
  },
} as const;

type Argument = string | number | Buffer;

/** Calls a script; what it returns comes as `Buffer`s. */
export type RunScript = (
  name: keyof typeof SCRIPTS,
  ...keysAndArguments: readonly Argument[]
) => Promise<unknown>;

/** Teaches a connection the scripts of the index. */
export function scriptsOf(redis: Redis | Cluster): RunScript {
  for (const [name, script] of Object.entries(SCRIPTS)) {
    redis.defineCommand(name, script);
  }
  // Commands that are defined at run time have no types.
  const commands = redis as unknown as Readonly<
    Record<string, (...args: readonly Argument[]) => Promise<unknown>>
  >;
  return async (name, ...keysAndArguments) =>
    commands[`${name}Buffer`]?.(...keysAndArguments) ?? undefined;
}
