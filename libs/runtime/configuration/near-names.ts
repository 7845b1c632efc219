/**
 * Finds the name that somebody meant who wrote `word`: the same but for case, hyphens and
 * underscores, or with one letter missing, added, wrong or swapped with the next.
 *
 * @returns null if there is none, or if `word` itself is a name
 */
export function nearName(word: string, names: Iterable<string>): string | null {
  const known = [...names];
  if (known.includes(word)) {
    return null;
  }
  const plain = plainly(word);
  return known.find((name) => isOneSlipAway(plain, plainly(name))) ?? null;
}

function plainly(name: string): string {
  return name.toUpperCase().replaceAll(/[-_]/g, '');
}

function isOneSlipAway(one: string, other: string): boolean {
  if (Math.abs(one.length - other.length) > 1) {
    return false;
  }
  let at = 0;
  while (at < one.length && one[at] === other[at]) {
    at++;
  }
  const [rest, otherRest] = [one.slice(at), other.slice(at)];
  return (
    rest.slice(1) === otherRest ||
    rest === otherRest.slice(1) ||
    rest.slice(1) === otherRest.slice(1) ||
    (rest.slice(2) === otherRest.slice(2) && `${rest[1]}${rest[0]}` === otherRest.slice(0, 2))
  );
}
