/** An element of SVG, or text. */
export type Svg = { readonly markup: string } | string;

type Attributes = Readonly<Record<string, string | number>>;

/** An element; text and attributes are escaped, lengths rounded to tenths. */
export function element(name: string, attributes: Attributes, ...children: readonly Svg[]): Svg {
  const written = Object.entries(attributes)
    .map(
      ([key, value]) => ` ${key}="${escaped(typeof value === 'number' ? tenths(value) : value)}"`,
    )
    .join('');
  if (children.length === 0) {
    return { markup: `<${name}${written}/>\n` };
  }
  const content = children.map((child) =>
    typeof child === 'string' ? escaped(child) : child.markup,
  );
  const isText = children.every((child) => typeof child === 'string');
  return { markup: `<${name}${written}>${isText ? '' : '\n'}${content.join('')}</${name}>\n` };
}

interface Picture {
  readonly width: number;
  readonly height: number;
  /** What it shows, for those who cannot see it. */
  readonly title: string;
  /** Not escaped. */
  readonly style: string;
}

/** A whole file. */
export function picture(
  { width, height, title, style }: Picture,
  children: readonly Svg[],
): string {
  const size = { width, height, viewBox: `0 0 ${width} ${height}` };
  const root = element(
    'svg',
    { role: 'img', ...size, xmlns: 'http://www.w3.org/2000/svg' },
    element('title', {}, title),
    { markup: `<style>\n${style}</style>\n` },
    element('rect', { class: 'paper', width, height }),
    ...children,
  );
  return typeof root === 'string' ? root : root.markup;
}

function tenths(value: number): string {
  return `${Math.round(value * 10) / 10}`;
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
