/**
 * Who answers for a package, as Debian's packages have it: a name and an address for mail.
 *
 * @param given - both, as on the command line
 * @param author - in the manifest, as npm has it; its address may be left out
 * @param commitAddress - of the commit's author, which stands in where nobody gave one; null where git
 *   names no commit
 * @throws if no address is known, or `given` has none
 * @see Debian Policy 5.6.2
 */
export function maintainerOf({
  given,
  author,
  commitAddress,
}: {
  readonly given: string | undefined;
  readonly author: string;
  readonly commitAddress: string | null;
}): string {
  const maintainer =
    given ?? (author.includes('<') ? author : `${author} <${commitAddress ?? ''}>`);
  if (!/^[^<>\n]+ <[^<>\s]+@[^<>\s]+>$/.test(maintainer)) {
    const isUnknown = given === undefined && commitAddress === null;
    throw new Error(
      `${isUnknown ? 'git names no commit here, and ' : ''}“${maintainer}” is no maintainer: give --maintainer, as in 'Ada Lovelace <ada@example.org>'`,
    );
  }
  return maintainer;
}
