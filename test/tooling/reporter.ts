/** Says at the end of a run what was skipped and why, how much ran against real servers, and the one line of totals. */
import type { Reporter, TestCase, TestModule, TestSuite } from 'vitest/node';

declare module 'vitest' {
  interface TaskMeta {
    /** Set on a suite that is skipped as a whole: why, in one line. */
    skippedBecause?: string;
  }
}

/** How describeWith names a suite that runs with real tools or servers. */
const REAL_TOOL = / \(with (?<tool>[^()]+)\)$/;

export default class Totals implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    process.stdout.write(`${summary(modules, unhandledErrors.length).join('\n')}\n`);
  }
}

/** The lines to print. The last is `N passed, N failed`, with `, N skipped` where any was; what broke outside a test counts as failed. */
function summary(modules: readonly TestModule[], unhandledErrors: number): string[] {
  const tests = modules.flatMap((module) => [...module.children.allTests()]);
  const passed = tests.filter((test) => test.result().state === 'passed');
  const failed = tests.filter((test) => test.result().state === 'failed');
  const skipped = tests.filter((test) => test.result().state === 'skipped' || test.result().state === 'pending');
  const broken = modules.flatMap((module) => [module, ...module.children.allSuites()]).filter(isBroken);
  const totals = [`${passed.length} passed`, `${failed.length + broken.length + unhandledErrors} failed`];
  if (skipped.length > 0) totals.push(`${skipped.length} skipped`);
  return ['', ...skips(skipped), realServers([...passed, ...failed]), totals.join(', ')];
}

function skips(skipped: readonly TestCase[]): string[] {
  if (skipped.length === 0) return [];
  const reasons = Map.groupBy(skipped, reason);
  return [
    `NOT RUN, ${skipped.length} skipped:`,
    ...[...reasons].map(([why, tests]) => `  ${tests.length} of ${tests[0]?.module.relativeModuleId}: ${why}`),
  ];
}

function reason(test: TestCase): string {
  const whole = suitesOf(test).map((suite) => (suite.type === 'suite' ? suite.meta().skippedBecause : undefined));
  const why = whole.find((reason) => reason !== undefined);
  if (why !== undefined) return why;
  const result = test.result();
  if (result.state !== 'skipped') return `"${test.fullName}" did not finish`;
  if (result.note !== undefined) return `"${test.fullName}" ${result.note}`;
  return `"${test.fullName}" ${test.options.mode === 'run' ? 'could not start, what it stands on failed' : 'gives no reason'}`;
}

function realServers(ran: readonly TestCase[]): string {
  const tools = ran.flatMap(
    (test) =>
      suitesOf(test)
        .map(toolOf)
        .find((tool) => tool !== undefined) ?? [],
  );
  const each = [...Map.groupBy(tools, (tool) => tool)].map(([tool, tests]) => `${tests.length} with ${tool}`);
  return [`${tools.length} tests ran against real servers and tools`, ...each].join(', ');
}

function toolOf(suite: TestSuite | TestModule): string | undefined {
  return suite.type === 'suite' ? REAL_TOOL.exec(suite.name)?.groups?.['tool'] : undefined;
}

function isBroken(suite: TestSuite | TestModule): boolean {
  return suite.errors().length > 0;
}

/** From the innermost outwards, the file last. */
function suitesOf(test: TestCase): (TestSuite | TestModule)[] {
  const suites = [test.parent];
  for (let suite = suites[0]; suite?.type === 'suite'; suite = suites.at(-1)) suites.push(suite.parent);
  return suites;
}
