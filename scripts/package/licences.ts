import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

/** Licences under which code may be copied into a package under the Apache License 2.0. */
const ALLOWED = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'ISC',
  'MIT',
  'Unlicense',
]);

const APACHE = 'as in /usr/share/common-licenses/Apache-2.0 on Debian systems';

const RULE = '-'.repeat(78);

interface Licence {
  /** Name and version of the package. */
  readonly name: string;
  /** By its SPDX name. */
  readonly kind: string;
  readonly text: string;
}

/**
 * The copyright file of a package: our licence, then those of all code in it, each text once.
 *
 * @param packages - the folders of the npm packages whose code is in it, relative to this clone
 * @throws if one has a licence that does not allow that, or says none
 */
export async function copyrightFile(
  packages: readonly string[],
  node: { readonly version: string; readonly licence: string },
): Promise<string> {
  const licences = await Promise.all(packages.map(licenceOf));
  const sections = [...Map.groupBy(licences, ({ kind, text }) => `${kind}\n\n${text}`)]
    .map(([text, users]) => {
      const names = [...new Set(users.map(({ name }) => name))].sort();
      return `${names.join(', ')}\nLicence: ${text}`;
    })
    .sort();
  return [
    `The Awala Internet gateway

Copyright: its authors
License: Apache-2.0, ${APACHE}

This package also contains the code of others, under the licences below.`,
    ...sections,
    `Node.js ${node.version}\n\n${node.licence.trim()}`,
  ].join(`\n\n${RULE}\n\n`);
}

async function licenceOf(folder: string): Promise<Licence> {
  const path = join(ROOT, folder);
  const manifest: unknown = JSON.parse(await readFile(join(path, 'package.json'), 'utf8'));
  const { name, version, license } = manifest as Record<string, unknown>;
  const offered = typeof license === 'string' ? license : '';
  const kind = offered
    .replaceAll(/[()]/g, '')
    .split(' OR ')
    .find((each) => ALLOWED.has(each));
  if (kind === undefined) {
    throw new Error(`${folder}: packages must not contain code under “${offered || 'no licence'}”`);
  }
  const files = await readdir(path);
  const file = files.find((entry) => /^(?:licen[cs]e|copying)/i.test(entry));
  const text = file === undefined ? '' : await readFile(join(path, file), 'utf8');
  const isApache = kind === 'Apache-2.0' && /TERMS AND CONDITIONS FOR USE/.test(text);
  return {
    name: `${name} ${version}`,
    kind,
    text: isApache ? APACHE : text.replaceAll('\r', '').trim(),
  };
}
