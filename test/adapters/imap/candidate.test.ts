/** Which messages are worth a second look. */
import { expect, test } from 'vitest';
import { candidacyOf } from '../../../src/adapters/imap/candidate.ts';
import { TOKEN } from './support.ts';

const OURS = ['probe@sink.test'];

test.each([
  [`X-Mailflow-Probe: ${TOKEN}`, 'header'],
  [`x-mailflow-probe:\r\n ${TOKEN.toUpperCase()}`, 'header'],
  [`Message-ID: <${TOKEN}@elsewhere.test>`, 'header'],
  [`Message-ID: <${TOKEN}2@elsewhere.test>`, 'none'],
  ['X-Mailflow-Probe: none', 'none'],
  [`Subject: ${TOKEN}`, 'none'],
  ['Content-Type: multipart/report; report-type=delivery-status', 'body'],
  [`X-Mailflow-Probe: ${TOKEN}\r\nContent-Type: Multipart/Report`, 'body'],
  ['Content-Type: multipart/mixed', 'none'],
  ['Return-Path: <>', 'body'],
  ['Return-Path: <somebody@elsewhere.test>', 'none'],
  ['From: MAILER-DAEMON', 'body'],
  ['X-Failed-Recipients: nobody@corp.test', 'body'],
  ['From: Probe <PROBE@sink.test>', 'body'],
  ['From: somebody@elsewhere.test', 'none'],
  ['', 'none'],
])('%j is a candidate by: %s', (header, candidacy) => {
  expect(candidacyOf(`${header}\r\n\r\n`, OURS)).toBe(candidacy);
});
