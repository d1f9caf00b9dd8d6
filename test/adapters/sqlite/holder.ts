/** A process of its own that holds a data folder until it is killed, or until its stdin ends: `holder.ts <folder>`. */
import { once } from 'node:events';
import { acquireFolder } from '../../../src/adapters/sqlite/lock.ts';

const lock = await acquireFolder(process.argv[2] ?? '');
lock.announce('http://127.0.0.1:9825');
process.stdout.write('held\n');
await once(process.stdin.resume(), 'end');
await lock.release();
