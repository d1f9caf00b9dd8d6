/** A message as a stream that tells when its last bytes are let go. */
import { Readable } from 'node:stream';

/** A probe fits in one block; a larger message leaves at the pace of the connection. */
const BLOCK_BYTES = 65_536;

/**
 * `onBlock` is called before each block, `onLastBlock` before the last one instead. nodemailer adds the final dot to it in the
 * same turn of the event loop, so that call is just before the last bytes go to the socket, and never after.
 */
export function messageSource(message: Buffer, onBlock: () => void, onLastBlock: () => void): Readable {
  let offset = 0;
  return new Readable({
    highWaterMark: BLOCK_BYTES,
    read() {
      const block = message.subarray(offset, offset + BLOCK_BYTES);
      offset += BLOCK_BYTES;
      if (offset < message.length) {
        onBlock();
        this.push(block);
        return;
      }
      onLastBlock();
      this.push(block);
      this.push(null);
    },
  });
}
