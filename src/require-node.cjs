/** Ends the process with one line and exit code 3 where Node.js is too old to run the rest. Plain JavaScript, so that an old one can read it. */
'use strict';
const { existsSync } = require('node:fs');
const { basename, join } = require('node:path');
const { engines, name } = require('../package.json');

const needed = Number.parseInt(engines.node.replace(/\D+/, ''), 10);
if (Number.parseInt(process.versions.node, 10) < needed) {
  console.error(`${name} needs Node.js ${engines.node}, this is ${process.version} (${process.execPath}): ${remedy()}`);
  process.exit(3);
}

function remedy() {
  if (basename(__dirname) !== 'src') return `install Node.js ${needed} or newer, https://nodejs.org`;
  const bin = join(__dirname, '../node_modules/.bin/node');
  if (existsSync(bin))
    return 'start it by `npm start -- ...` or `npx node src/main.ts ...`, which use the one in node_modules/.bin';
  const blocked = existsSync(join(__dirname, '../node_modules/node'));
  return `run \`${blocked ? 'npm rebuild node --ignore-scripts=false' : 'npm ci'}\`, which puts the right one into node_modules/.bin`;
}
