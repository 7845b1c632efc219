import { readFile, writeFile } from 'node:fs/promises';
import { instance } from '@viz-js/viz';

const PICTURES = new URL('../docs/pictures/', import.meta.url);
const STYLE = new URL('pictures/style.css', import.meta.url);
const NAMES = ['system'];
const TITLE = 'The system of an Awala Internet gateway';

/** Draws `docs/pictures/<name>.dot`; the same text gives the same picture, octet for octet. */
export async function draw(name: string): Promise<string> {
  const source = await readFile(new URL(`${name}.dot`, PICTURES), 'utf8');
  const style = await readFile(STYLE, 'utf8');
  const viz = await instance();
  return styled(viz.renderString(source, { format: 'svg', engine: 'dot' }), style);
}

/** Styles Graphviz's drawing for light and dark backgrounds, and removes Graphviz's version. */
function styled(svg: string, style: string): string {
  return svg
    .replace(/^[\s\S]*?(?=<svg )/, '')
    .replaceAll(/<!--[\s\S]*?-->\n?/g, '')
    .replaceAll(/<title>[^<]*<\/title>\n/g, '')
    .replace(/<svg width="(\d+)pt" height="(\d+)pt"\s+/, '<svg role="img" width="$1" height="$2" ')
    .replace(/(<svg [^>]*>\n)/, `$1<title>${TITLE}</title>\n<style>\n${style}</style>\n`);
}

export function pathOf(name: string): URL {
  return new URL(`${name}.svg`, PICTURES);
}

if (import.meta.main) {
  for (const name of NAMES) {
    await writeFile(pathOf(name), await draw(name));
  }
}
