/** The long run's tool, on half a minute of it: descriptors stay, everything is delivered; and its own judgement of figures. */
import { describe, expect, it } from 'vitest';
import { describeWithServers } from './available.ts';
import { complaintsOf, figuresOf, type Sample, slopePerHour, type Tally } from './soak-figures.ts';
import { soak } from './soak-run.ts';

const SAMPLE: Sample = {
  seconds: 0,
  residentBytes: 100e6,
  descriptors: 60,
  threads: 13,
  cpuSeconds: 1,
  ledgerBytes: 0,
  probes: 0,
  pending: 0,
  sinkConnections: 0,
  lagSeconds: 0.001,
  messages: 4,
};
const GOOD: Tally = { planned: 100, delivered: 100, lost: 0, failed: 0, cutOff: 0, duplicates: 0, invented: 0 };

/** An hour of samples, one a minute. */
const hour = (at: (minute: number) => Partial<Sample>): readonly Sample[] =>
  Array.from({ length: 61 }, (_, minute) => ({ ...SAMPLE, seconds: minute * 60, probes: minute * 240, ...at(minute) }));

describe('the judgement of a long run', () => {
  it('finds nothing wrong with an hour that was flat after its warm-up', () => {
    const samples = hour((minute) => ({ residentBytes: 100e6 + Math.min(minute, 14) * 10e6 }));
    expect(complaintsOf(figuresOf(samples, 1e6), GOOD)).toEqual([]);
  });

  it('finds memory that grows, as bytes an hour', () => {
    const figures = figuresOf(
      hour((minute) => ({ residentBytes: 100e6 + minute * 1024 * 1024 })),
      1e6,
    );
    expect(figures.residentSlope).toBeCloseTo(60 * 1024 * 1024, -2);
    expect(complaintsOf(figures, GOOD)).toEqual(['memory must grow by at most 24.0 MiB an hour, grew by 60.0 MiB']);
  });

  it('finds descriptors and threads that grow', () => {
    const samples = hour((minute) => ({ descriptors: 60 + minute, threads: 13 + Math.floor(minute / 10) }));
    expect(complaintsOf(figuresOf(samples, 1e6), GOOD)).toEqual([
      expect.stringContaining('open descriptors must grow by at most 16, grew from'),
      expect.stringContaining('threads must grow by at most 2, grew from'),
    ]);
  });

  it.each([
    [{ lost: 1 }, 'no probe may be lost, 1 were'],
    [{ failed: 3, cutOff: 2 }, 'no probe may fail but those cut off by the stop, 1 did'],
    [{ duplicates: 1 }, 'no probe may be captured twice, 1 were'],
    [{ invented: 1 }, 'nothing may be captured that was not planned, 1 were'],
  ])('finds %j', (change, complaint) => {
    expect(
      complaintsOf(
        figuresOf(
          hour(() => ({})),
          1e6,
        ),
        { ...GOOD, ...change },
      ),
    ).toEqual([complaint]);
  });

  it('draws the straight line with the least squares', () => {
    expect(
      slopePerHour([
        [0, 1],
        [1800, 4],
        [3600, 3],
      ]),
    ).toBeCloseTo(2);
    expect(
      slopePerHour([
        [0, 1],
        [1, 2],
      ]),
    ).toBeNull();
  });
});

describeWithServers('half a minute at a high rate', () => {
  it('delivers every probe once and leaves no descriptor behind', { timeout: 120_000 }, async () => {
    const seen: Sample[] = [];
    const result = await soak({
      minutes: 0.5,
      perSecond: 4,
      sampleSeconds: 3,
      onSample: (sample) => seen.push(sample),
    });
    const { figures, tally } = result;
    // Half a minute is all warm-up: memory says nothing yet.
    expect(complaintsOf({ ...figures, residentSlope: null }, tally)).toEqual([]);
    expect(tally.planned).toBeGreaterThan(30);
    expect(result.samples).toEqual(seen);
    expect(seen.at(-1)!.sinkConnections).toBeGreaterThan(0);
    expect(seen.at(-1)!.residentBytes).toBeGreaterThan(10e6);
  });
});
