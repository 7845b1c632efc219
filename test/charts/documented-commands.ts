import { readFile } from 'node:fs/promises';

/** A line of a document that an operator is to type. */
export interface DocumentedCommand {
  readonly line: string;
  readonly program: string;
  /** What is neither a flag nor a flag's value, such as `get notes awala`. */
  readonly words: readonly string[];
  /** Names only, such as `--namespace`. */
  readonly flags: readonly string[];
}

/** Flags of ours that take the next word as their value; other values follow a `=`. */
const TAKES_NEXT = new Set([
  '--build-arg',
  '--environment',
  '--namespace',
  '--owner',
  '--selector',
  '--tag',
  '--timeout',
]);

const SHELL_BLOCK = /^ *```sh\n(?<content>[\s\S]*?)^ *```$/gm;

/** The commands in the sentences of a Markdown document, with what may stand for their parameters. */
export async function readCommandsInProse(path: URL): Promise<readonly DocumentedCommand[]> {
  const text = (await readFile(path, 'utf8')).replaceAll(SHELL_BLOCK, '');
  const lines = text.matchAll(
    /`(?<line>(?:awala-gateway|gcloud|gh|helm|helmfile|kubectl) [^`]+)`/g,
  );
  return Array.from(lines, ({ groups }) => parseCommand(groups?.line ?? ''));
}

/** The commands in the shell blocks of a Markdown document. */
export async function readCommands(path: URL): Promise<readonly DocumentedCommand[]> {
  const text = await readFile(path, 'utf8');
  const blocks = text.matchAll(SHELL_BLOCK);
  return Array.from(blocks, ({ groups }) => groups?.content ?? '')
    .flatMap((content) => content.split('\n'))
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map(parseCommand);
}

function parseCommand(line: string): DocumentedCommand {
  const [program = '', ...parts] = line.match(/(?:[^\s"]|"[^"]*")+/g) ?? [];
  const words: string[] = [];
  const flags: string[] = [];
  // What comes after this is for a program in a pod.
  const end = parts.indexOf('--');
  for (const [index, part] of (end < 0 ? parts : parts.slice(0, end)).entries()) {
    if (part.startsWith('--')) {
      flags.push(part.split('=')[0] ?? part);
    } else if (!TAKES_NEXT.has(parts[index - 1] ?? '')) {
      words.push(part);
    }
  }
  return { line, program, words, flags };
}
