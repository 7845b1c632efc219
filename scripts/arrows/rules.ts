import { covers, isTest, placeOf } from './modules.ts';
import { type Import, resolveImport, type SourceFile } from './source-file.ts';

export interface Violation {
  readonly path: string;
  readonly line: number;
  /** What is wrong and why. */
  readonly complaint: string;
}

/** What the rules take from package.json. */
export interface Manifest {
  readonly imports: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
}

/** The modules of Node that the protocol library may use: none does input or output. */
const PURE_PARTS_OF_NODE = ['buffer', 'crypto', 'util'];

const ENVIRONMENT =
  /\bprocess\s*(?:\?\.|\.)\s*env\b|\bprocess\s*\[|\}\s*=\s*process\b|^import\s*\{[^}]*\benv\b[^}]*\}\s*from\s*'node:process'|^import\s+(?!process\b|type\b|\{)[^;]*?\bfrom\s*'node:process'/gm;

const IMPURE_CODE = [
  [/(?<![.\w#])process\b(?!\s*[:(])/g, 'process'],
  [/\bDate\s*\.\s*now\b/g, 'Date.now'],
  [/\bnew\s+Date\s*(?:\(\s*\)|(?![\s(\w]))/g, 'new Date() without an argument'],
  [/\bMath\s*\.\s*random\b/g, 'Math.random'],
] as const;

/** Everything in `file` that breaks the rules on imports, the environment and purity. */
export function checkFile(file: SourceFile, manifest: Manifest): Violation[] {
  const place = placeOf(file.path);
  if (!place) {
    const complaint = 'no arrows are known for this folder: add it to scripts/arrows/modules.ts';
    return [{ path: file.path, line: 1, complaint }];
  }
  const imports = file.imports.flatMap((item) =>
    complaintsAbout(item, file.path, manifest).map((complaint) => ({ line: item.line, complaint })),
  );
  return [...imports, ...checkEnvironment(file), ...checkPurity(file)]
    .sort((a, b) => a.line - b.line)
    .map(({ line, complaint }) => ({ path: file.path, line, complaint }));
}

function complaintsAbout(item: Import, path: string, manifest: Manifest): string[] {
  const target = resolveImport(path, item.specifier, manifest.imports);
  switch (target.kind) {
    case 'file':
      return complaintAboutArrow(item, path, target.name);
    case 'node':
      return isProtocolCode(path) && !PURE_PARTS_OF_NODE.includes(target.name)
        ? [`imports node:${target.name}: the protocol library does no input or output`]
        : [];
    case 'package':
      return isShipped(path) && !item.isTypeOnly && !(target.name in manifest.dependencies)
        ? [`imports the package ${target.name}, which is not in package.json's dependencies`]
        : [];
  }
}

function complaintAboutArrow(item: Import, path: string, target: string): string[] {
  const place = placeOf(path);
  if (!place || place.mayImport.some((entry) => covers(entry, target))) {
    return isTest(target) && !isTest(path)
      ? [`imports ${target}: what is shipped never depends on tests`]
      : [];
  }
  if (place.mayImportTypesOf.some((entry) => covers(entry, target))) {
    return item.isTypeOnly
      ? []
      : [`imports ${target}: ${place.name} may only \`import type\` from there`];
  }
  return target.startsWith('test/')
    ? [`imports ${target}: what is shipped never depends on tests`]
    : [`imports ${target}: ${place.name} may import only ${describe(place.mayImport)}`];
}

function checkEnvironment(file: SourceFile): { line: number; complaint: string }[] {
  if (isTest(file.path) || /(?:^|\/)main\.js$/.test(file.path)) {
    return [];
  }
  const complaint = 'reads the environment: only a main.js does, and hands on a typed value';
  return file.linesWith(ENVIRONMENT).map((line) => ({ line, complaint }));
}

function checkPurity(file: SourceFile): { line: number; complaint: string }[] {
  if (!isProtocolCode(file.path)) {
    return [];
  }
  return IMPURE_CODE.flatMap(([pattern, name]) =>
    file.linesWith(pattern).map((line) => ({
      line,
      complaint: `uses ${name}: the protocol library gets times and randomness as arguments`,
    })),
  );
}

function isProtocolCode(path: string): boolean {
  return path.startsWith('libs/awala/') && !isTest(path);
}

function isShipped(path: string): boolean {
  return (path.startsWith('libs/') || path.startsWith('services/')) && !isTest(path);
}

function describe(entries: readonly string[]): string {
  return entries.map((entry) => entry.replace(/\/\*?$/, '')).join(', ');
}
