/** What packages are built for: Debian's names. */
export const ARCHITECTURES = ['amd64', 'arm64'] as const;

/** One of {@link ARCHITECTURES}. */
export type Architecture = (typeof ARCHITECTURES)[number];

/** npm's names for them. */
export const NPM_NAMES = { amd64: 'x64', arm64: 'arm64' } as const satisfies Record<
  Architecture,
  string
>;
