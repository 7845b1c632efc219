/**
 * Fails where the documentation no longer matches the tree: the folder map in
 * docs/architecture.md and its order, the keys of stored objects, the paths it names, the links it
 * makes. Fails on a page that no link leads to, too.
 *
 * Takes the root of the tree as its argument; by default, the working folder.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import process from 'node:process';
import { cargoKey, gatewayBoundKey, internetBoundKey } from '#gateway/held/object-keys.ts';
import { resolveImport, SourceFile } from './arrows/source-file.ts';
import { type Arrow, complaintsAboutArrows, complaintsAboutMap } from './docs/folder-map.ts';
import { anchorsOf, codeIn, linksIn } from './docs/markdown.ts';
import { listFiles } from './tracked-files.ts';

const ARCHITECTURE = 'docs/architecture.md';

/** About the past, so its paths need not exist any more. */
const HISTORY = 'CHANGELOG.md';

const OBJECT_KEYS = [
  gatewayBoundKey({
    privateGateway: '<private gateway>',
    recipient: '',
    sender: '',
    parcelId: '',
  }),
  internetBoundKey({
    recipientAddress: '<Internet address>',
    sender: '<sender>',
    recipientId: '',
    parcelId: '',
  }),
  cargoKey({ sender: '<private gateway>', cargoId: '' }),
].map((key) => key.replace(/(?:[0-9a-f]{48}|[0-9a-f]{64})$/, '<hash>'));

const PATH = /^(?:charts|docs|libs|scripts|services|test)\/[\w./-]+$/;

/** Where reading begins. */
const FIRST_PAGE = 'README.md';

function main(root: string): void {
  const files = listFiles(root);
  const pages = new Map(
    files
      .filter((path) => path.endsWith('.md'))
      .map((path) => [path, readFileSync(join(root, path), 'utf8')]),
  );
  const found = pagesFrom(FIRST_PAGE, pages);
  const complaints = [...pages]
    .filter(([path]) => path !== HISTORY)
    .flatMap(([path, text]) => {
      const complaints = [
        ...(found.has(path) ? [] : [`no links lead here from ${FIRST_PAGE}`]),
        ...(path === ARCHITECTURE ? complaintsAboutMap(text, files) : []),
        ...(path === ARCHITECTURE ? complaintsAboutArrows(text, arrowsOf(root, files)) : []),
        ...complaintsAboutCode(root, path, codeIn(text)),
        ...complaintsAboutLinks(root, path, text),
      ];
      return complaints.map((complaint) => `${path}: ${complaint}`);
    });
  process.stdout.write(complaints.map((complaint) => `${complaint}\n`).join(''));
  process.exitCode = complaints.length > 0 ? 1 : 0;
}

/** The imports between files of `libs` and `services`. */
function arrowsOf(root: string, files: readonly string[]): Arrow[] {
  const aliases = aliasesIn(root);
  return files
    .filter((path) => /^(?:libs|services)\/.*\.[jt]s$/.test(path))
    .map((path) => new SourceFile(path, readFileSync(join(root, path), 'utf8')))
    .flatMap(({ path, imports }) =>
      imports
        .map(({ specifier }) => resolveImport(path, specifier, aliases))
        .filter(({ kind }) => kind === 'file')
        .map(({ name }) => ({ from: path, to: name })),
    );
}

function aliasesIn(root: string): Readonly<Record<string, string>> {
  const manifest: { readonly imports?: Record<string, string> } = JSON.parse(
    readFileSync(join(root, 'package.json'), 'utf8'),
  );
  return manifest.imports ?? {};
}

function complaintsAboutCode(root: string, path: string, code: readonly string[]): string[] {
  const unknownKeys = code
    .filter((text) => /^(?:cargo|parcels)\/.*<.*>/.test(text) && !OBJECT_KEYS.includes(text))
    .map((text) => `no object has a key ${text}: they are ${OBJECT_KEYS.join(', ')}`);
  const missingKeys =
    path === ARCHITECTURE
      ? OBJECT_KEYS.filter((key) => !code.includes(key)).map((key) => `lacks the key ${key}`)
      : [];
  const missingFiles = code
    .filter((text) => PATH.test(text) && !existsSync(join(root, text)))
    .map((text) => `there is no ${text}`);
  return [...unknownKeys, ...missingKeys, ...missingFiles];
}

/** The pages that a chain of links leads to. */
function pagesFrom(first: string, pages: ReadonlyMap<string, string>): ReadonlySet<string> {
  const found = new Set([first]);
  for (const path of found) {
    for (const link of linksIn(pages.get(path) ?? '')) {
      const { file } = targetOf(link, path);
      if (pages.has(file)) {
        found.add(file);
      }
    }
  }
  return found;
}

/** @param path - of the page with the link */
function targetOf(link: string, path: string) {
  const [target = '', anchor] = link.split('#', 2);
  return { file: target === '' ? path : normalize(join(dirname(path), target)), anchor };
}

function complaintsAboutLinks(root: string, path: string, text: string): string[] {
  return linksIn(text).flatMap((link) => {
    const { file, anchor } = targetOf(link, path);
    if (!existsSync(join(root, file))) {
      return [`links to ${link}, which does not exist`];
    }
    return anchor === undefined ||
      !file.endsWith('.md') ||
      anchorsOf(readFileSync(join(root, file), 'utf8')).has(anchor)
      ? []
      : [`links to ${link}, but there is no such heading`];
  });
}

main(process.argv[2] ?? process.cwd());
