import type { Cluster, Redis } from 'ioredis';
import { lifeOf } from '../own-tallies.ts';
import { PARTS_OF_WINDOW, type TallyLimit } from '../port.ts';
import { SlidingWindow, type WindowPart } from '../sliding-window.ts';

/**
 * Key: a hash with a field `<window in ms> <number of the part>` for each part in which something was
 * added, whose value is the amounts. Arguments: number of amounts; amounts that count in any case;
 * amounts that count if they are within the limits; how long the hash lasts at least in ms; then of each
 * limit the window in ms, and the most of each amount.
 *
 * Returns 1, then what each limit's amounts add up to; or 0, the time in ms, fields and values.
 */
const LUA = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function partOf(windowMs)
  return math.floor(now * ${PARTS_OF_WINDOW} / windowMs)
end
local function numbersIn(text)
  local numbers = {}
  for number in string.gmatch(text, '%S+') do
    numbers[#numbers + 1] = tonumber(number)
  end
  return numbers
end
local amounts = tonumber(ARGV[1])
local values = {}
local sums = {}
local all = redis.call('HGETALL', KEYS[1])
for at = 1, #all, 2 do
  local windowMs, part = string.match(all[at], '^(%d+) (%d+)$')
  if tonumber(part) < partOf(tonumber(windowMs)) - ${PARTS_OF_WINDOW} then
    redis.call('HDEL', KEYS[1], all[at])
  else
    local value = numbersIn(all[at + 1])
    values[all[at]] = value
    sums[windowMs] = sums[windowMs] or {}
    for i = 1, amounts do
      sums[windowMs][i] = (sums[windowMs][i] or 0) + (value[i] or 0)
    end
  end
end
local isWithin = true
local hasNew = false
local answer = {1}
local limits = 2 * amounts + 3
for at = limits, #ARGV, amounts + 1 do
  local sum = sums[ARGV[at]] or {}
  for i = 1, amounts do
    local certain = (sum[i] or 0) + tonumber(ARGV[1 + i])
    local total = certain + tonumber(ARGV[1 + amounts + i])
    isWithin = isWithin and total <= tonumber(ARGV[at + i])
    hasNew = hasNew or tonumber(ARGV[1 + i]) ~= 0
    answer[#answer + 1] = string.format('%.0f', total)
  end
end
if isWithin or hasNew then
  for at = limits, #ARGV, amounts + 1 do
    local field = ARGV[at] .. ' ' .. string.format('%.0f', partOf(tonumber(ARGV[at])))
    local value = values[field] or {}
    local written = {}
    for i = 1, amounts do
      local added = tonumber(ARGV[1 + i]) + (isWithin and tonumber(ARGV[1 + amounts + i]) or 0)
      written[i] = string.format('%.0f', (value[i] or 0) + added)
    end
    redis.call('HSET', KEYS[1], field, table.concat(written, ' '))
  end
  if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[limits - 1]) then
    redis.call('PEXPIRE', KEYS[1], ARGV[limits - 1])
  end
end
if isWithin then
  return answer
end
return {0, string.format('%.0f', now), redis.call('HGETALL', KEYS[1])}`;

/** What Redis is asked. */
export interface Question {
  readonly key: string;
  /** What was admitted before, and counts in any case. */
  readonly certain: readonly number[];
  /** What counts if it is within the limits. */
  readonly amounts: readonly number[];
  readonly limits: readonly TallyLimit[];
}

/** What Redis answers. */
export type Answer =
  | {
      readonly isWithin: true;
      /** How much of its limit the amount that is next to its limit has used, from 0 to 1. */
      readonly used: number;
    }
  | { readonly isWithin: false; readonly againInMs: number };

/** Teaches a connection the script, and returns what runs it. */
export function scriptOf(redis: Redis | Cluster): (question: Question) => Promise<Answer> {
  redis.defineCommand('tallyAdd', { numberOfKeys: 1, lua: LUA });
  // Commands that are defined at run time have no types.
  const { tallyAdd } = redis as unknown as {
    readonly tallyAdd: (...args: readonly (string | number)[]) => Promise<unknown>;
  };
  return async (question) => {
    const { key, certain, amounts, limits } = question;
    const answer = await tallyAdd.call(
      redis,
      key,
      amounts.length,
      ...certain,
      ...amounts,
      lifeOf(limits),
      ...limits.flatMap(({ windowMs, most }) => [windowMs, ...most]),
    );
    return answerOf(question, Array.isArray(answer) ? answer : []);
  };
}

function answerOf(question: Question, [isWithin, ...rest]: readonly unknown[]): Answer {
  if (isWithin === 1) {
    const most = question.limits.flatMap((limit) => limit.most);
    return { isWithin: true, used: Math.max(...most.map((each, at) => Number(rest[at]) / each)) };
  }
  const [now, fields] = rest;
  return {
    isWithin: false,
    againInMs: waitOf(question, Number(now), Array.isArray(fields) ? fields.map(String) : []),
  };
}

function waitOf({ amounts, limits }: Question, nowMs: number, fields: readonly string[]): number {
  const waits = limits.map((limit) => {
    const parts = partsOf(limit.windowMs, fields);
    const window = new SlidingWindow(limit.windowMs, amounts.length, parts);
    return window.mayAddInMs(nowMs, amounts, limit);
  });
  return Math.max(1, ...waits);
}

/** The parts of one window among fields and their values. */
function partsOf(windowMs: number, fields: readonly string[]): WindowPart[] {
  return fields.flatMap((field, at) => {
    const [window, part, rest] = field.split(' ');
    const isField = at % 2 === 0 && Number(window) === windowMs && rest === undefined;
    const value = fields[at + 1]?.split(' ').map(Number) ?? [];
    return isField ? [[Number(part), ...value] satisfies WindowPart] : [];
  });
}
