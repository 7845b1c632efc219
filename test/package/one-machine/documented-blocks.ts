import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CLONE } from '../built-packages.ts';

/** What a newcomer types, block by block, in the order of docs/one-machine.md. */
export async function documentedBlocks(): Promise<readonly string[]> {
  return [...(await page()).matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block = '']) => block);
}

/** The block that follows these words there, which is for bad days. */
export async function blockAfter(words: string): Promise<string> {
  const [, rest] = (await page()).split(words);
  const block = /^```\n([\s\S]*?)^```$/m.exec(rest ?? '')?.[1];
  if (block === undefined) {
    throw new Error(`no block follows “${words}”`);
  }
  return block;
}

function page(): Promise<string> {
  return readFile(join(CLONE, 'docs/one-machine.md'), 'utf8');
}
