const FENCED = /^```[\s\S]*?^```$/gm;

/** The inline code of a Markdown text, without what stands in fenced blocks. */
export function codeIn(text: string): string[] {
  return [...text.replaceAll(FENCED, '').matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code);
}

/** The targets of links and images that are relative, as written. */
export function linksIn(text: string): string[] {
  return [...text.replaceAll(FENCED, '').matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target));
}

/** The anchors that GitHub gives to the headings of a Markdown text. */
export function anchorsOf(text: string): ReadonlySet<string> {
  const headings = text.replaceAll(FENCED, '').matchAll(/^#+ (.+)$/gm);
  return new Set(
    [...headings].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}
