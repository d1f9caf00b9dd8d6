/** Says at the end of a run what was skipped and why, how much ran against real servers, and the one line of totals. */
import type { Reporter, TestCase, TestModule, TestSuite } from 'vitest/node';

declare module 'vitest' {
  interface TaskMeta {
    /** Set on a suite or test: the real servers and tools it runs against, such as `postfix` or `promtool`. */
    realServers?: readonly string[];
    /** Set on a suite or test that is skipped: what is missing here. */
    skippedBecause?: string;
  }
}

export default class Totals implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    process.stdout.write(`${summary(modules, unhandledErrors.length).join('\n')}\n`);
  }
}

/** The lines to print; the last is `N passed, N failed` with `, N skipped` where any was. */
function summary(modules: readonly TestModule[], unhandledErrors: number): string[] {
  const tests = modules.flatMap((module) => [...module.children.allTests()]);
  const passed = tests.filter((test) => test.result().state === 'passed');
  const failed = tests.filter((test) => test.result().state === 'failed').length;
  const skipped = tests.filter((test) => test.result().state === 'skipped' || test.result().state === 'pending');
  const broken = modules
    .flatMap((module) => [module, ...module.children.allSuites()])
    .filter((suite) => suite.errors().length > 0);
  const totals = [`${passed.length} passed`, `${failed + broken.length + unhandledErrors} failed`];
  if (skipped.length > 0) totals.push(`${skipped.length} skipped`);
  return ['', ...skips(skipped), realServers(passed), totals.join(', ')];
}

function skips(skipped: readonly TestCase[]): string[] {
  if (skipped.length === 0) return [];
  return [
    `NOT RUN, ${skipped.length} skipped:`,
    ...skipped.map((test) => `  ${test.module.relativeModuleId} > ${test.fullName}: ${reason(test)}`),
  ];
}

function reason(test: TestCase): string {
  const result = test.result();
  const note = result.state === 'skipped' ? result.note : 'did not finish';
  const broken = lineage(test).find((task) => task.type !== 'test' && task.errors().length > 0);
  return note ?? inherited(test, 'skippedBecause') ?? (broken === undefined ? 'no reason given' : 'its setup failed');
}

function realServers(passed: readonly TestCase[]): string {
  const against = passed.flatMap((test) =>
    inherited(test, 'realServers') === undefined ? [] : [inherited(test, 'realServers') ?? []],
  );
  const names = [...new Set(against.flat())].sort();
  const each = names.map((name) => `${name} ${against.filter((servers) => servers.includes(name)).length}`);
  return `ran against real servers: ${against.length} tests${each.length === 0 ? '' : ` (${each.join(', ')})`}`;
}

type Meta = ReturnType<TestCase['meta']>;

function inherited<K extends 'realServers' | 'skippedBecause'>(test: TestCase, key: K): Meta[K] | undefined {
  return lineage(test)
    .map((task) => task.meta()[key])
    .find((value) => value !== undefined);
}

function lineage(test: TestCase): (TestCase | TestSuite | TestModule)[] {
  const tasks: (TestCase | TestSuite | TestModule)[] = [test];
  for (let parent: TestSuite | TestModule | undefined = test.parent; parent !== undefined; ) {
    tasks.push(parent);
    parent = parent.type === 'suite' ? parent.parent : undefined;
  }
  return tasks;
}
