/** What a line of the log may hold: no secret, nothing that a reader takes for the end of a line or a command to a terminal, and not too much. */
import { WHERE_IT_STOOD } from '../../domain/conceal.ts';

/** Characters of one text in it: an error's stack fits. */
const TEXT_MAX = 2000;
/** Bytes: Docker cuts a longer line into several (16 KiB), and journald at 48 KiB. */
const LINE_BYTES_MAX = 16_000;
/**
 * What JSON leaves as it is: DEL and the C1 controls (U+009B begins a terminal's command, U+0085 ends a line), other ends of lines, and what
 * turns the direction of the text that follows.
 */
const UNFIT = /[\u007F-\u009F\u200E\u200F\u2028-\u202E\u2066-\u2069]/g;

/** `line` is a JSON object and a line end, and so is the result. What a key is called is ours, and stays. */
export function fitLine(line: string, secrets: readonly string[]): string {
  // Our own, which no server fills: a secret that is a common word must not take them away, nor be told by that.
  const { level, time, name, ...said } = JSON.parse(line) as Readonly<Record<string, unknown>>;
  const { msg, ...fields } = fitTexts(said, secrets) as Readonly<Record<string, unknown>>;
  const whole = toLine({ level, time, name, ...fields, msg });
  if (Buffer.byteLength(whole) <= LINE_BYTES_MAX) return whole;
  return toLine({ level, time, name, msg, cut: JSON.stringify(fields).slice(0, TEXT_MAX) });
}

function fitTexts(value: unknown, secrets: readonly string[]): unknown {
  return JSON.parse(JSON.stringify(value), (_, each: unknown) =>
    typeof each === 'string' ? fitText(each, secrets) : each,
  );
}

function fitText(text: string, secrets: readonly string[]): string {
  // Before it is cut: what is left of a secret must not stay.
  const clean = secrets.reduce((rest, secret) => rest.replaceAll(secret, WHERE_IT_STOOD), text);
  return clean.length <= TEXT_MAX ? clean : `${clean.slice(0, TEXT_MAX)}… (${clean.length} characters)`;
}

/** They can stand in texts alone, where an escape means the same. */
function toLine(entry: unknown): string {
  const text = JSON.stringify(entry).replace(UNFIT, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return `${text}\n`;
}
