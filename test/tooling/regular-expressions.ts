/** Finds regular expressions that can take more than linear time, and those that are made where nothing can be found out about them. */
import { parseSync, Visitor } from 'oxc-parser';
import { analyse } from 'scslre';

/** One line for each that somebody who chooses the text can make slow; `made` counts those that are put together at run time. */
export function slowExpressions(
  path: string,
  text: string,
): { readonly slow: readonly string[]; readonly made: number } {
  const slow: string[] = [];
  let made = 0;
  const look = (start: number, source: string, flags: string): void => {
    for (const { type, exponential } of analyse({ source, flags }).reports) {
      const line = text.slice(0, start).split('\n').length;
      slow.push(`${path}:${line} /${source}/${flags} is ${exponential ? 'exponential' : 'quadratic'} (${type})`);
    }
  };
  new Visitor({
    Literal(node) {
      if ('regex' in node) look(node.start, node.regex.pattern, node.regex.flags);
    },
    NewExpression({ start, callee, arguments: [pattern, flags] }) {
      if (callee.type !== 'Identifier' || callee.name !== 'RegExp') return;
      if (pattern?.type !== 'Literal' || typeof pattern.value !== 'string') made += 1;
      else look(start, pattern.value, flags?.type === 'Literal' ? String(flags.value) : '');
    },
  }).visit(parseSync(path, text).program);
  return { slow, made };
}
