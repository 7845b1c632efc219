import { readFile } from 'node:fs/promises';

interface Instruction {
  /** In capitals, such as `COPY`. */
  readonly name: string;
  readonly rest: string;
}

interface Stage {
  readonly from: string;
  /** What it is called; empty for the last one. */
  readonly name: string;
  readonly instructions: readonly Instruction[];
}

/** The stages of a Dockerfile, without comments, with continued lines joined. */
export async function readStages(path: URL): Promise<readonly Stage[]> {
  const text = await readFile(path, 'utf8');
  const lines = text
    .replaceAll(/^\s*#.*\n/gm, '')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => line.trim() !== '');
  const stages: { from: string; name: string; instructions: Instruction[] }[] = [];
  for (const line of lines) {
    const [name = '', ...words] = line.trim().split(/\s+/);
    if (name === 'FROM') {
      const [from = '', , stageName = ''] = words;
      stages.push({ from, name: stageName, instructions: [] });
    } else {
      stages.at(-1)?.instructions.push({ name, rest: words.join(' ') });
    }
  }
  return stages;
}
