/** The page and the report speak of the same things in the same words. */
import { expect, test } from 'vitest';
import { EN as REPORT_EN } from '../../src/adapters/report/words-en.ts';
import { ZH as REPORT_ZH } from '../../src/adapters/report/words-zh.ts';
import { wordsOf } from '../../src/page/words.ts';

test.each([
  ['en', REPORT_EN],
  ['zh', REPORT_ZH],
] as const)('%s: verdicts, paths, outcomes and exclusions are called as in the report', (language, report) => {
  const { verdict, path, outcome, exclusionKind } = wordsOf(language);
  expect({ verdict, path, outcome, kind: exclusionKind }).toEqual({
    verdict: report.verdict,
    path: report.path,
    outcome: report.outcome,
    kind: report.kind,
  });
});
