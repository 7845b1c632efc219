/** Prints what a gateway on Google Cloud costs in a month: the tables of docs/scaling.md. */
import process from 'node:process';
import { costTable, cpuSentence, rateTable } from './monthly-cost/table.ts';

process.stdout.write(`${rateTable()}\n\n${costTable()}\n\n${cpuSentence()}\n`);
