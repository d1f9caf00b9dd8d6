/** Cuts off answers of a server that go on for longer than any does: the library bounds each response, and not how many there are. */
import type { Wire } from './wire.ts';

/**
 * Responses that may come from one command to the next, the greeting to the login included: two for each of ten thousand folders are the
 * most that is read. Each takes the library some 20 µs of the measuring thread, however short it is.
 */
const RESPONSES_MAX = 25_000;
/** Of one folder's STATUS, of which a look may ask ten thousand: one is asked for, others may come beside it. */
const STATUS_RESPONSES_MAX = 20;
/** Of what tells of a folder that is selected: somebody who clears a mailbox up deletes a hundred thousand messages at once. */
const NEWS_RESPONSES_MAX = 100_000;
const RESPONSES_MAX_OF: Readonly<Record<string, number>> = {
  STATUS: STATUS_RESPONSES_MAX,
  NOOP: NEWS_RESPONSES_MAX,
  EXAMINE: NEWS_RESPONSES_MAX,
};
/** The same in bytes without literals, each of which may be a token and costs as much: ten thousand folders are two megabytes. */
const LINES_BYTES_MAX = 4 * 1_048_576;
/** The same in all: a hundred messages (reader.ts), were each literal as long as it may be, are 26 megabytes. */
const BYTES_MAX = 32 * 1_048_576;

export class AnswerMeter {
  #bytes = 0;
  #linesBytes = 0;
  #responses = 0;
  #responsesMax = RESPONSES_MAX;

  /** `tooLong` is told what an answer may have at most, and then has to end the connection. */
  constructor(streamer: Wire['streamer'], tooLong: (most: string) => void) {
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
    [this.#bytes, this.#linesBytes, this.#responses] = [0, 0, 0];
    this.#responsesMax = RESPONSES_MAX_OF[command] ?? RESPONSES_MAX;
  }
}
