import { CASES } from './cases.ts';

const load = CASES[process.argv[2] ?? ''];
if (!load || !process.send) {
  throw new Error('to be started by test/bench/main.ts');
}
const { run } = await load();
process.send(await run(), () => process.exit(0));
