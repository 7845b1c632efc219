/** Ports with their adapters, each in a folder `libs/<port>`. */
const PORTS = [
  'certificates',
  'object-store',
  'record-store',
  'key-vault',
  'signals',
  'held-index',
  'tallies',
  'work-queue',
];

/** What nearly every folder may import. */
const FOUNDATIONS = ['libs/backing/', 'libs/bounds/', 'libs/clock/', 'libs/log/'];

/** What each folder of `libs` without a port may import besides itself. */
const LIBRARIES: Readonly<Record<string, readonly string[]>> = {
  awala: [],
  backing: ['libs/bounds/', 'libs/clock/'],
  bounds: ['libs/clock/'],
  clock: [],
  log: [],
  metrics: [],
  sqlite: FOUNDATIONS,
  gateway: [...FOUNDATIONS, 'libs/awala/', ...portFiles()],
  runtime: [...FOUNDATIONS, 'libs/awala/errors.ts'],
  composition: ['libs/'],
};

/** Who may import a file, and what the file may import, by where it lies. */
export interface Place {
  /** Its name in complaints. */
  readonly name: string;
  /** Paths, or folders ending in `/`, that may be imported. */
  readonly mayImport: readonly string[];
  /** The same, for imports of types only. */
  readonly mayImportTypesOf: readonly string[];
}

/**
 * Tests and contract suites: they may import all of `libs` and `test`.
 *
 * A contract suite is a file `contract.ts`, which may be continued in a folder `contract`.
 */
export function isTest(path: string): boolean {
  return path.startsWith('test/') || /\.test\.ts$|\/contract\.ts$|\/contract\//.test(path);
}

/** @returns null for a file that belongs to no known place */
export function placeOf(path: string): Place | null {
  const own = ownPlaceOf(path);
  if (!own || !isTest(path)) {
    return own;
  }
  return { ...own, name: 'a test', mayImport: [...own.mayImport, 'libs/', 'test/'] };
}

function ownPlaceOf(path: string): Place | null {
  const [top, module, ...rest] = path.split('/');
  switch (top) {
    case 'scripts':
      return place('a script', ['scripts/', 'libs/', 'services/']);
    case 'test':
      return place('a test', ['libs/', 'services/', 'scripts/', 'test/']);
    case 'services':
      return module === 'standalone'
        ? place('standalone', ['services/', 'libs/'])
        : place(`the service ${module}`, [`services/${module}/`, 'libs/']);
    case 'libs':
      return module === undefined ? null : libraryPlace(module, rest);
    default:
      return null;
  }
}

function libraryPlace(module: string, rest: readonly string[]): Place | null {
  const folder = `libs/${module}/`;
  if (PORTS.includes(module)) {
    return portPlace(folder, rest);
  }
  const others = LIBRARIES[module];
  return others
    ? {
        ...place(`libs/${module}`, [folder, ...others]),
        mayImportTypesOf: module === 'runtime' ? portFiles() : [],
      }
    : null;
}

/** An adapter is a folder of its own, or a single file beside the port. */
function portPlace(folder: string, rest: readonly string[]): Place {
  const besideThePort = `${folder}*`;
  return rest.length > 1 && rest[0] !== 'contract'
    ? place('an adapter', [`${folder}${rest[0]}/`, besideThePort, 'libs/sqlite/', ...FOUNDATIONS])
    : place('a port', [besideThePort, ...FOUNDATIONS]);
}

function portFiles(): string[] {
  return [...PORTS, 'metrics'].map((port) => `libs/${port}/port.ts`);
}

function place(name: string, mayImport: readonly string[]): Place {
  return { name, mayImport, mayImportTypesOf: [] };
}

/** Whether `path` is `entry`, lies in the folder `entry/`, or directly in the folder of `entry/*`. */
export function covers(entry: string, path: string): boolean {
  if (entry.endsWith('/*')) {
    const folder = entry.slice(0, -1);
    return path.startsWith(folder) && !path.slice(folder.length).includes('/');
  }
  return entry.endsWith('/') ? path.startsWith(entry) : path === entry;
}
