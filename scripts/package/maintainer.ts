/**
 * Who answers for a package, as Debian's packages have it: a name and an address for mail.
 *
 * @param given - both, as on the command line
 * @param author - in the manifest, as npm has it; its address may be left out
 * @param committer - the address of who made the commit, which stands in where nobody gave one; null
 *   outside a clone
 * @throws if no address is known, or `given` has none
 * @see Debian Policy 5.6.2
 */
export function maintainerOf({
  given,
  author,
  committer,
}: {
  readonly given: string | undefined;
  readonly author: string;
  readonly committer: string | null;
}): string {
  const maintainer = given ?? (author.includes('<') ? author : `${author} <${committer ?? ''}>`);
  if (!/^[^<>\n]+ <[^<>\s]+@[^<>\s]+>$/.test(maintainer)) {
    throw new Error(
      `“${maintainer}” is no maintainer: give --maintainer, as in 'Ada Lovelace <ada@example.org>'`,
    );
  }
  return maintainer;
}
