/** The bounds of a transfer's start, with made-up instants: milliseconds since the accept. */
import { describe, expect, test } from 'vitest';
import { SessionClock } from '../../../src/adapters/smtp-sink/session-clock.ts';
import type { Instant } from '../../../src/domain/time/instant.ts';

const at = (ms: number, errorUs = 0): Instant => ({
  wallMs: 1_000_000 + ms,
  monoUs: 5_000_000 + ms * 1000,
  suspendedMs: 0,
  errorUs,
  boot: 'test',
});

/** A connection accepted at 0, greeted at 100, EHLO read at 110 and answered at 112. */
function greeted(errorUs = 0): SessionClock {
  const clock = new SessionClock(at(0, errorUs));
  clock.replyWritten(at(100));
  command(clock, 110, 112);
  return clock;
}

function command(clock: SessionClock, readMs: number, repliedMs: number): void {
  clock.bytesRead(at(readMs));
  clock.commandRead(at(readMs));
  clock.replyWritten(at(repliedMs));
}

/** MAIL alone in what is read, answered a millisecond later. */
function mail(clock: SessionClock, readMs: number) {
  clock.bytesRead(at(readMs));
  clock.commandRead(at(readMs));
  const transfer = clock.transferBegun();
  clock.replyWritten(at(readMs + 1));
  return { lo: offset(transfer.earliest), hi: offset(transfer.latest), reused: transfer.reusedConnection };
}

/** A message whose dot is read at `readMs` and answered at `repliedMs`. */
function message(clock: SessionClock, readMs: number, repliedMs: number): void {
  command(clock, readMs - 4, readMs - 3);
  clock.bytesRead(at(readMs));
  clock.endOfDataRead(at(readMs));
  clock.replyWritten(at(repliedMs));
}

const offset = (instant: Instant): number => (instant.monoUs - 5_000_000) / 1000;

describe('the first transaction of a connection', () => {
  test('began between the accept and MAIL, less the banner delay and our other replies', () => {
    expect(mail(greeted(), 120)).toEqual({ lo: 0, hi: 120 - 100 - 2, reused: false });
  });

  test('began no later than the accept if the peer answered us at once', () => {
    const clock = new SessionClock(at(0));
    clock.replyWritten(at(100));
    expect(mail(clock, 100)).toEqual({ lo: 0, hi: 0, reused: false });
  });

  test('may have begun as early as the accept may have been before it was noticed', () => {
    expect(mail(greeted(30_000), 120)).toMatchObject({ lo: -30, hi: 18 });
  });

  test("keeps the peer's own pauses, however long", () => {
    expect(mail(greeted(), 10_120)).toMatchObject({ lo: 0, hi: 10_120 - 102 });
  });

  test('has STARTTLS and every other reply taken out', () => {
    const clock = greeted();
    command(clock, 120, 125);
    command(clock, 150, 157);
    expect(mail(clock, 160)).toMatchObject({ hi: 160 - 102 - 5 - 7 });
  });
});

describe('a later transaction on the connection', () => {
  test('began between the previous end of data and MAIL; its message may have come after our reply', () => {
    const clock = greeted();
    mail(clock, 120);
    message(clock, 150, 350);
    expect(mail(clock, 360)).toEqual({ lo: 150, hi: 360, reused: true });
  });

  test('began at the end of data when MAIL stood right behind the dot', () => {
    const clock = greeted();
    mail(clock, 120);
    clock.bytesRead(at(150));
    clock.endOfDataRead(at(150));
    clock.replyWritten(at(350));
    clock.commandRead(at(350));
    const { earliest, latest } = clock.transferBegun();
    expect([offset(earliest), offset(latest)]).toEqual([150, 150]);
  });

  test('began when MAIL was read if the peer did not wait for our reply', () => {
    const clock = greeted();
    mail(clock, 120);
    clock.bytesRead(at(150));
    clock.endOfDataRead(at(150));
    clock.bytesRead(at(250));
    clock.replyWritten(at(350));
    clock.commandRead(at(350));
    const { earliest, latest } = clock.transferBegun();
    expect([offset(earliest), offset(latest)]).toEqual([150, 250]);
  });

  test('keeps the lower bound of one that ended without data: it may be the same message again', () => {
    const clock = greeted();
    mail(clock, 120);
    command(clock, 130, 131);
    expect(mail(clock, 140)).toMatchObject({ lo: 0, reused: true });
  });
});

describe('owed time', () => {
  test('is not counted for a command that was never answered', () => {
    const clock = greeted();
    clock.commandRead(at(113));
    command(clock, 400, 401);
    expect(mail(clock, 410)).toMatchObject({ hi: 410 - 102 - 1 });
  });

  test('never brings the upper bound before the lower one', () => {
    const clock = greeted();
    mail(clock, 120);
    clock.bytesRead(at(150));
    clock.endOfDataRead(at(149));
    clock.replyWritten(at(155));
    const { earliest, latest } = clock.transferBegun();
    expect(offset(latest)).toBeGreaterThanOrEqual(offset(earliest));
  });
});
