/** What is written is what the library would write, scrape after scrape, however labels and values look. */
import fc from 'fast-check';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { Exemplars } from '../../../src/adapters/prometheus/exemplars.ts';
import { Exposer } from '../../../src/adapters/prometheus/exposition.ts';

const BUCKETS = [0.5, 1, 10];
const NONE = { name: 'none', exemplars: new Exemplars(BUCKETS) };

/** Two histograms are given the same object of labels, as a route's are. */
function registered() {
  const registers = [new Registry()];
  const labelNames = ['route'];
  return {
    registry: registers[0]!,
    counter: new Counter({ name: 'done_total', help: 'What\nis "done" \\', labelNames, registers }),
    gauge: new Gauge({ name: 'level', help: 'A level.', labelNames: ['route', 'side'], registers }),
    bare: new Gauge({ name: 'bare', help: 'No labels.', registers }),
    delay: new Histogram({ name: 'delay_seconds', help: 'A delay.', labelNames, buckets: BUCKETS, registers }),
    width: new Histogram({ name: 'width_seconds', help: 'A width.', labelNames, buckets: BUCKETS, registers }),
  };
}
type Registered = ReturnType<typeof registered>;

const route = fc.constantFrom('acme', 'a "b"\\c\nd', '').map((name) => ({ route: name }));
const amount = fc.double({ min: 0, max: 100, noNaN: true });
const act: fc.Arbitrary<(metrics: Registered) => void> = fc.oneof(
  fc.tuple(route, amount).map(
    ([labels, by]) =>
      ({ counter }: Registered) =>
        counter.inc(labels, by),
  ),
  fc.tuple(route, fc.oneof(amount, fc.constantFrom(Number.NaN, Infinity, -Infinity))).map(
    ([labels, to]) =>
      ({ gauge }: Registered) =>
        gauge.set({ ...labels, side: 'x' }, to),
  ),
  amount.map(
    (to) =>
      ({ bare }: Registered) =>
        bare.set(to),
  ),
  fc.tuple(route, amount).map(
    ([labels, seconds]) =>
      ({ delay }: Registered) =>
        delay.observe(labels, seconds),
  ),
  fc.tuple(route, amount).map(
    ([labels, seconds]) =>
      ({ width }: Registered) =>
        width.observe(labels, seconds),
  ),
  route.map((labels) => ({ delay, width }: Registered) => {
    delay.zero(labels);
    width.zero(labels);
  }),
);

const linesOf = (text: string): readonly string[] => text.split('\n').filter((line) => line !== '');

it('in the text format', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(act, { maxLength: 6 }), { maxLength: 6 }), async (rounds) => {
      const metrics = registered();
      const exposer = new Exposer(metrics.registry, NONE, (error) => expect.fail(String(error)));
      for (const acts of rounds) {
        for (const each of acts) each(metrics);
        const { body } = await exposer.render('text');
        // The library spells it in its own way.
        const theirs = (await metrics.registry.metrics()).replaceAll(/ Nan$/gm, ' NaN');
        expect(linesOf(body)).toEqual(linesOf(theirs));
      }
    }),
  );
});

it('and as OpenMetrics, but for the bounds of buckets, which are floats there', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(act, { maxLength: 12 }), async (acts) => {
      const [ours, theirs] = [registered(), registered()];
      for (const each of acts) for (const metrics of [ours, theirs]) each(metrics);
      const { body } = await new Exposer(ours.registry, NONE, (error) => expect.fail(String(error))).render(
        'openmetrics',
      );
      theirs.registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE as never);
      const expected = (await theirs.registry.metrics())
        .replaceAll(/ Nan$/gm, ' NaN')
        .replaceAll(/le="(\d+)"/g, 'le="$1.0"');
      expect(linesOf(body)).toEqual(linesOf(expected));
    }),
  );
});
