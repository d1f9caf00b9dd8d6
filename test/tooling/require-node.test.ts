/** Proves that an old Node.js is met by one line that says what to do, in the source tree and in the installed package. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

const PROJECT = join(import.meta.dirname, '../..');
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'require-node-'));
  copyFileSync(join(PROJECT, 'package.json'), join(folder, 'package.json'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('a Node.js that is new enough passes in silence', () => {
  expect(guard('src', process.version)).toEqual({ status: 0, text: '' });
  expect(guard('src', 'v24.0.0')).toEqual({ status: 0, text: '' });
  expect(guard('dist', 'v30.1.0')).toEqual({ status: 0, text: '' });
});

test('before `npm ci` it says to run it', () => {
  expect(guard('src', 'v20.20.2')).toEqual(
    refusal('v20.20.2', 'run `npm ci`, which puts the right one into node_modules/.bin'),
  );
});

test('where npm did not let the package node install, it says to rebuild it', () => {
  mkdirSync(join(folder, 'node_modules/node'), { recursive: true });
  const remedy = 'run `npm rebuild node --ignore-scripts=false`, which puts the right one into node_modules/.bin';
  expect(guard('src', 'v20.20.2')).toEqual(refusal('v20.20.2', remedy));
});

test('beside the right one, it says how to start with that', () => {
  mkdirSync(join(folder, 'node_modules/.bin'), { recursive: true });
  writeFileSync(join(folder, 'node_modules/.bin/node'), '');
  const remedy = 'start it by `npm start -- ...` or `npx node src/main.ts ...`, which use the one in node_modules/.bin';
  expect(guard('src', 'v22.11.0')).toEqual(refusal('v22.11.0', remedy));
});

test('of an installed package it says what to install', () => {
  expect(guard('dist', 'v18.20.4')).toEqual(refusal('v18.20.4', 'install Node.js 24 or newer, https://nodejs.org'));
});

function refusal(version: string, remedy: string) {
  return {
    status: 3,
    text: `mailflow-probe needs Node.js >=24, this is ${version} (${process.execPath}): ${remedy}\n`,
  };
}

/** Runs the guard from `place`, in a Node.js that gives itself out for `version`. */
function guard(place: 'src' | 'dist', version: string): { status: number | null; text: string } {
  mkdirSync(join(folder, place), { recursive: true });
  const copy = join(folder, place, 'require-node.cjs');
  copyFileSync(join(PROJECT, 'src/require-node.cjs'), copy);
  const disguise = join(folder, 'disguise.cjs');
  writeFileSync(
    disguise,
    `Object.defineProperty(process, 'version', { value: '${version}' });
     Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version.slice(1)}' } });`,
  );
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--require', disguise, copy], { encoding: 'utf8' });
  return { status, text: stdout + stderr };
}
