/**
 * A worker reduced to its sandbox: runs one command, prints its lines, and leaves when that has ended.
 * Arguments: the tracking (or `best`), and the command for sh.
 */
import process from 'node:process';
import { SCRIPTS } from './sandbox.fixture.ts';
import { Sandbox } from './sandbox.ts';
import { TRACKINGS } from './tree.ts';

const [wanted, command = 'true', processes] = process.argv.slice(2);
const tracking = TRACKINGS.find((each) => each === wanted);
const sandbox = await Sandbox.create(tracking ? { tracking } : {});
console.log(`tracking ${sandbox.capabilities.tracking}`);
const ended = await sandbox.run(
  {
    file: 'sh',
    args: ['-c', command],
    environment: SCRIPTS,
    limits: processes ? { processes: Number(processes) } : {},
  },
  {
    signal: new AbortController().signal,
    graceMs: 1000,
    secrets: [],
    onLine: (_stream, line) => console.log(line),
    onNotice: (message) => console.log(`notice ${message}`),
  },
);
console.log(`ended ${JSON.stringify(ended)}`);
await sandbox.close();
