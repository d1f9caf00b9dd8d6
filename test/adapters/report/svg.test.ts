/** The drawings say what the figures say: where a bar lies, which marks there are, and how large a drawing can become. */
import { describe, expect, it } from 'vitest';
import type { Pledge } from '../../../src/adapters/report/pledges.ts';
import { drawDelays } from '../../../src/adapters/report/svg-delay.ts';
import { gauge } from '../../../src/adapters/report/svg-gauge.ts';
import { linearScale, logScale, secondTicks, tickRange } from '../../../src/adapters/report/svg-scale.ts';
import { EN } from '../../../src/adapters/report/words-en.ts';
import { BUCKETS_PER_DAY, type DelayBucket } from '../../../src/domain/report/report-charts.ts';
import { daysOf } from '../../../src/domain/time/calendar.ts';

describe('a scale', () => {
  it('puts each tenfold as far from the next, and what lies outside at the edge', () => {
    const { at } = logScale(0.01, 1000, 300, 50);
    expect([0.01, 0.1, 1, 10, 100, 1000].map(at)).toEqual([300, 250, 200, 150, 100, 50]);
    expect([0, 0.001, 1e9].map(at)).toEqual([300, 300, 50]);
    expect(linearScale(10, 20, 0, 100).at(15)).toBe(50);
  });

  it('is labelled in the times that people count in, at its ends too', () => {
    expect(secondTicks(tickRange(7200), EN.units).map(({ text }) => text.replaceAll('\u00a0', ' '))).toEqual([
      ...['10 ms', '100 ms', '1 s', '10 s', '1 min', '10 min', '1 h', '10 h'],
    ]);
    // Longer than anything waits for mail: no tick is made up for it.
    expect(tickRange(1e9)).toEqual({ from: 0.01, to: 1e9 });
  });
});

describe('an interval against its limit', () => {
  const LIMIT = { name: 'x', promised: '', measured: '', verdict: 'MET', limit: 60 } as const;
  const drawn = (pledge: Partial<Pledge>) => {
    const svg = String(gauge({ ...LIMIT, kept: 'below', figure: null, ...pledge }, 'text', 'g1'));
    const [, x = '', width = ''] = /class="measured" x="([\d.]+)" y="\d+" width="([\d.]+)"/.exec(svg) ?? [];
    const [, edge = ''] = /class="gauge-limit" d="M([\d.]+)/.exec(svg) ?? [];
    return { from: Number(x), to: Number(x) + Number(width), edge: Number(edge), arrow: svg.includes('gauge-open') };
  };

  it('lies before the limit where it is kept, across it where it is open, behind it where it is exceeded', () => {
    const kept = drawn({ figure: { lo: 4, hi: 5 } });
    expect(kept.to).toBeLessThan(kept.edge);
    const open = drawn({ figure: { lo: 50, hi: 70 } });
    expect(open.from).toBeLessThan(open.edge);
    expect(open.to).toBeGreaterThan(open.edge);
    const exceeded = drawn({ figure: { lo: 61, hi: 70 } });
    expect(exceeded.from).toBeGreaterThan(exceeded.edge);
    expect([kept, open, exceeded].map(({ arrow }) => arrow)).toEqual([false, false, false]);
  });

  it('has an arrowhead where nothing bounds it, or the picture ends before it does', () => {
    expect(drawn({ figure: { lo: 50, hi: null } }).arrow).toBe(true);
    expect(drawn({ figure: { lo: 1000, hi: 2000 } })).toMatchObject({ arrow: true, to: 240 });
  });

  it('lies the other way round where the promise is to be above', () => {
    const kept = drawn({ kept: 'above', limit: 0.999, figure: { lo: 0.9995, hi: 0.9996 } });
    expect(kept.from).toBeGreaterThan(kept.edge);
    const missed = drawn({ kept: 'above', limit: 0.999, figure: { lo: 0.9, hi: 0.95 } });
    expect(missed).toMatchObject({ from: 0 });
    expect(missed.to).toBeLessThan(missed.edge);
  });

  it('can be seen at both ends of a limit that allows nothing', () => {
    const none = drawn({ limit: 0, figure: { lo: 0, hi: 0 } });
    expect(none.to - none.from).toBeGreaterThan(0);
    expect(none.to).toBeLessThan(none.edge);
    expect(drawn({ kept: 'above', limit: 1, figure: { lo: 1, hi: 1 } }).to).toBe(240);
  });
});

describe('delays over a month', () => {
  const DAYS = daysOf('2026-11', 'Asia/Shanghai');
  const [first] = DAYS;
  const bucket = (index: number, change: Partial<DelayBucket> = {}): DelayBucket => {
    const fromMs = (first?.fromMs ?? 0) + index * 7_200_000;
    const delays = { lowest: 1, median: { lo: 2, hi: 3 }, highest: { lo: 9, hi: 10 } };
    const none = { pending: 0, lost: 0, failed: 0, exceeded: 0, mayHaveExceeded: 0 };
    return { day: '2026-11-01', fromMs, toMs: fromMs + 7_200_000, count: 3, delays, ...none, ...change };
  };
  const draw = (buckets: readonly DelayBucket[]): string =>
    String(
      drawDelays(
        {
          buckets,
          days: DAYS,
          gaps: [],
          excluded: [],
          nowMs: Number.POSITIVE_INFINITY,
          limits: [
            { seconds: 60, name: 'average' },
            { seconds: 3600, name: 'maximum' },
          ],
          words: EN,
          notYet: '',
        },
        { width: 920, height: 340, title: 't', text: 'd', id: 'p1' },
      ),
    );
  const count = (svg: string, kind: string): number => svg.split(`class="mark ${kind}"`).length - 1;

  it('marks each stretch in which the maximum was exceeded, may have been, or mail is missing', () => {
    const late = { lowest: 1, median: { lo: 2, hi: 3 }, highest: { lo: 7200, hi: Number.POSITIVE_INFINITY } };
    const svg = draw([
      bucket(0),
      bucket(1, { exceeded: 1, lost: 1, delays: late }),
      bucket(2, { mayHaveExceeded: 2, pending: 1 }),
      bucket(3, { exceeded: 1, mayHaveExceeded: 1, failed: 4 }),
    ]);
    const marks = ['diamond', 'open-diamond', 'cross', 'square', 'plus', 'arrow'].map((kind) => count(svg, kind));
    expect(marks).toEqual([2, 1, 1, 1, 1, 1]);
  });

  it('marks what bounced too late on the line of the maximum, not among the delays of others', () => {
    const svg = draw([bucket(0, { exceeded: 1 }), bucket(1, { exceeded: 1, count: 0, delays: null })]);
    const maximum = /class="limit" d="M[\d.]+ ([\d.]+)[^"]*"\/><text class="limit-name"[^>]*>maximum/.exec(svg)?.[1];
    const tops = [...svg.matchAll(/class="mark diamond" d="M[\d.]+ ([\d.]+)/g)].map(([, top]) => Number(top));
    expect(tops).toHaveLength(2);
    for (const top of tops) expect(top + 4.5).toBeCloseTo(Number(maximum), 0);
  });

  it('stays small however much was sent', () => {
    const all = Array.from({ length: 31 * BUCKETS_PER_DAY }, (_, index) =>
      bucket(index, { count: 1e6, exceeded: 1, lost: 1, pending: 1, failed: 1 }),
    );
    expect(draw(all).length).toBeLessThan(200_000);
  });
});
