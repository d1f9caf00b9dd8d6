/** axe-core on a page whose policy is bypassed: it lets no script in, the checker neither. */
import axe, { type AxeResults, type Result } from 'axe-core';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';

/** Each violation that `counts` in one line, with its first places. */
export async function violationsOn(page: Page, counts: (found: Result) => boolean = () => true): Promise<string[]> {
  await page.addScriptTag({ content: axe.source });
  const { violations, passes } = await page.evaluate<AxeResults>('axe.run(document)');
  expect(passes.map(({ id }) => id)).toContain('color-contrast');
  return violations.filter(counts).map(
    ({ id, nodes }) =>
      `${id}: ${nodes
        .map(({ target }) => target.join(' '))
        .slice(0, 5)
        .join(', ')}`,
  );
}
