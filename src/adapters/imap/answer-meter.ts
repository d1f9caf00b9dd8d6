/** Cuts off answers of a server that go on for longer than any does: the library bounds each response, and not how many there are. */
import type { Clock } from '../../ports.ts';
import type { Wire } from './wire.ts';

/**
 * Responses that may come from one command to the next, the greeting to the login included: two for each of ten thousand folders are the
 * most that is read. Each takes the library some 20 µs of the measuring thread, however short it is.
 */
const RESPONSES_MAX = 25_000;
/** Of one folder's STATUS, of which a look may ask ten thousand: one is asked for, others may come beside it. */
const STATUS_RESPONSES_MAX = 20;
/** The commands after which a server tells what became of the folder that is selected. */
const NEWS = new Set(['NOOP', 'EXAMINE']);
/** Somebody who clears a mailbox up deletes a hundred thousand messages at once, and not again and again: they are made up for by time. */
const NEWS_RESPONSES_MAX = 100_000;
const NEWS_PER_SECOND = 100;
/** Of each such command, not counted: what is said of every folder, and some new messages. */
const NEWS_ALWAYS = 50;
/** The same in bytes without literals, each of which may be a token and costs as much: ten thousand folders are two megabytes. */
const LINES_BYTES_MAX = 4 * 1_048_576;
/** The same in all: a hundred messages (reader.ts), were each literal as long as it may be, are 26 megabytes. */
const BYTES_MAX = 32 * 1_048_576;

export class AnswerMeter {
  #bytes = 0;
  #linesBytes = 0;
  #responses = 0;
  #responsesMax = RESPONSES_MAX;
  readonly #clock: Clock;
  #isNews = false;
  #newsLeft = NEWS_RESPONSES_MAX;
  #countedUs: number;

  /** `tooLong` is told what an answer may have at most, and then has to end the connection. */
  constructor(streamer: Wire['streamer'], clock: Clock, tooLong: (most: string) => void) {
    this.#clock = clock;
    this.#countedUs = clock.now().monoUs;
    // The socket, and after STARTTLS the one within TLS.
    streamer.on('pipe', (source) =>
      source.on('data', ({ length }: Buffer) => {
        this.#bytes += length;
        if (this.#bytes > BYTES_MAX) tooLong(`${BYTES_MAX} bytes`);
      }),
    );
    const push = streamer.push.bind(streamer);
    streamer.push = (response) => {
      this.#responses += 1;
      this.#linesBytes += response?.payload.length ?? 0;
      if (this.#linesBytes > LINES_BYTES_MAX) tooLong(`${LINES_BYTES_MAX} bytes of lines`);
      if (this.#responses > this.#responsesMax) tooLong(`${this.#responsesMax} responses`);
      return push(response);
    };
  }

  /** `command` is about to be sent. */
  begin(command: string): void {
    this.#countNews();
    [this.#bytes, this.#linesBytes, this.#responses] = [0, 0, 0];
    this.#isNews = NEWS.has(command);
    if (this.#isNews) this.#responsesMax = NEWS_ALWAYS + Math.floor(this.#newsLeft);
    else this.#responsesMax = command === 'STATUS' ? STATUS_RESPONSES_MAX : RESPONSES_MAX;
  }

  #countNews(): void {
    const { monoUs } = this.#clock.now();
    const told = this.#isNews ? Math.max(0, this.#responses - NEWS_ALWAYS) : 0;
    const madeUp = ((monoUs - this.#countedUs) / 1e6) * NEWS_PER_SECOND;
    this.#newsLeft = Math.min(NEWS_RESPONSES_MAX, this.#newsLeft - told + madeUp);
    this.#countedUs = monoUs;
  }
}
