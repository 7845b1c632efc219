import { readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';

const ROOT = new URL('../../', import.meta.url);

/** What operators of one machine read. */
const DOCS = [
  'one-machine.md',
  'backups.md',
  'configuration.md',
  'logs.md',
  'privacy.md',
  'runbook.md',
  'operations/certificates.md',
  'operations/one-machine.md',
];
/** What they copy, and how. */
const DEPLOY = {
  proxies: ['README.md', 'Caddyfile', 'haproxy.cfg', 'nginx.conf'],
  monitoring: [
    'README.md',
    'alertmanager.yml',
    'machine-rules.yml',
    'prometheus.yml',
    'rules.test.yml',
    'rules.yml',
  ],
};

/** Files by their path in this repository, each with the path that it has elsewhere. */
type Places = ReadonlyMap<string, string>;

const PLACES: Places = new Map([
  ...DOCS.map((name) => [`docs/${name}`, name] as const),
  ...Object.entries(DEPLOY)
    .flatMap(([folder, names]) => names.map((name) => `deploy/${folder}/${name}`))
    .map((path) => [path, path] as const),
  ['charts/awala-gateway/files/dashboard.json', 'deploy/monitoring/dashboard.json'],
]);

/** The content of each page for operators, and of each file that these lead to, by its path among them. */
export async function operatorsPages(): Promise<ReadonlyMap<string, string>> {
  const pages = new Map<string, string>();
  for (const [path, place] of PLACES) {
    const text = await readFile(new URL(path, ROOT), 'utf8');
    pages.set(place, place.endsWith('.md') ? relinked(text, path, PLACES) : text);
  }
  return pages;
}

/**
 * A page of this repository, for where only some of its files are: links lead to these, and of a link
 * to another file the text alone is left.
 *
 * @param path - in the repository; one of `places`
 */
export function relinked(page: string, path: string, places: Places): string {
  const folder = dirname(places.get(path) ?? path);
  return page.replaceAll(/\[([^\]]+)\]\(([^)\s]+)\)/g, (link, text: string, target: string) => {
    if (/^(?:[a-z]+:|#)/.test(target)) {
      return link;
    }
    const [file = '', anchor] = target.split('#', 2);
    const there = places.get(join(dirname(path), file));
    const fragment = anchor === undefined ? '' : `#${anchor}`;
    return there === undefined ? text : `[${text}](${relative(folder, there)}${fragment})`;
  });
}
