import type { Stats } from 'node:fs';
import { access, constants, lstat, opendir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CERTIFICATES_FOLDER, KEYS_FOLDER } from '#composition/data-folder.ts';
import { BODY_FOLDER } from '#object-store/filesystem/body-links.ts';
import { type Finding, ill, well } from './finding.ts';

const SUBJECT = 'data folder';
/** Permission bits of group and others. */
const OTHERS = 0o077;
/** Of each folder; the rest will be like these. */
const MOST_FILES_LOOKED_AT = 1_000;
const FOLDERS = ['', KEYS_FOLDER, CERTIFICATES_FOLDER, BODY_FOLDER];

/**
 * Whether the data folder is there, and for the gateway's user alone. Opens no file, as others than
 * ordinary ones might never end.
 */
export async function dataFolderFindings(folder: string): Promise<readonly Finding[]> {
  const found = await stat(folder).catch((error: unknown) => codeOf(error));
  if (typeof found === 'string') {
    return [whyNotThere(folder, found)];
  }
  if (!found.isDirectory()) {
    const remedy = `Set DATA_DIR to a folder; ${folder} is something else.`;
    return [ill(SUBJECT, `${folder} is no folder`, { why: NOT_USED, remedy })];
  }
  const denied = await access(folder, constants.R_OK | constants.W_OK | constants.X_OK).then(
    () => null,
    codeOf,
  );
  if (denied !== null) {
    return [whyNotThere(folder, denied)];
  }
  const looked = await lookInto(folder, found);
  const faults = faultsOf(folder, found, looked);
  return faults.length > 0 ? faults : [well(SUBJECT, `${folder}, for its user alone`)];
}

const NOT_USED = 'A gateway cannot start on it, and no parcel is accepted.';

function whyNotThere(folder: string, code: string): Finding {
  if (code === 'ENOENT') {
    return ill(SUBJECT, `there is no folder ${folder}`, {
      why: 'A gateway that starts without its data has a new identity: every phone must register again, and parcels are lost.',
      remedy:
        'Set DATA_DIR to the gateway’s folder. If this is a new gateway, start it, which makes the folder, or run awala-gateway keygen.',
    });
  }
  const isDenied = code === 'EACCES' || code === 'EPERM' || code === 'EROFS';
  return ill(SUBJECT, `${folder} cannot be used (${code})`, {
    why: NOT_USED,
    remedy: isDenied
      ? `Run this as the gateway’s user, or as root; that user must own ${folder} and be allowed to write there.`
      : 'Set DATA_DIR to a folder on a local disk.',
  });
}

interface Looked {
  readonly path: string;
  readonly found: Stats;
}

async function lookInto(folder: string, own: Stats): Promise<readonly Looked[]> {
  const looked: Looked[] = [{ path: folder, found: own }];
  for (const name of FOLDERS) {
    const inside = join(folder, name);
    const isFolder = await lstat(inside).then(
      (found) => found.isDirectory(),
      () => false,
    );
    if (name === '' || isFolder) {
      looked.push(...(await filesIn(inside)));
    }
  }
  return looked;
}

async function filesIn(folder: string): Promise<readonly Looked[]> {
  const looked: Looked[] = [];
  try {
    for await (const { name } of await opendir(folder)) {
      const path = join(folder, name);
      // Some files live for moments only.
      const found = await lstat(path).catch(() => null);
      if (found) {
        looked.push({ path, found });
      }
      if (looked.length === MOST_FILES_LOOKED_AT) {
        break;
      }
    }
  } catch {
    // Whoever may not look inside finds the folder to be another user's.
  }
  return looked;
}

function faultsOf(folder: string, own: Stats, looked: readonly Looked[]): Finding[] {
  const exposed = looked.filter(({ found }) => !found.isSymbolicLink() && found.mode & OTHERS);
  const foreign = looked.filter(({ found }) => found.uid !== own.uid);
  const odd = looked.filter(({ found }) => !found.isFile() && !found.isDirectory());
  return [
    ...(exposed.length === 0
      ? []
      : [
          ill('file modes', `others may use ${some(exposed)}`, {
            why: 'Whoever has the keys can read and forge what phones send; the names of files say who writes to whom.',
            remedy: `chmod -R go= ${folder}`,
          }),
        ]),
    ...(foreign.length === 0
      ? []
      : [
          ill('file owners', `another user than that of the folder owns ${some(foreign)}`, {
            why: 'The gateway’s user can neither write nor delete them: it stops, or keeps what it should delete.',
            remedy: `As root, with the gateway stopped: chown -R --reference=${folder} ${folder}`,
          }),
        ]),
    ...(odd.length === 0
      ? []
      : [
          ill('files', `this is neither a file nor a folder: ${some(odd)}`, {
            why: 'Reading a pipe or a device may never end, and a link may lead where backups do not look.',
            remedy: 'Put the real file in its place, with the gateway stopped.',
          }),
        ]),
  ];
}

function some([first, ...others]: readonly Looked[]): string {
  const more = others.length === 0 ? '' : ` and ${others.length} more`;
  return `${first?.path}${more}`;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
