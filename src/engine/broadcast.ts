/** Tells several what one would be told. */
import type { Observer, Scoreboard } from '../ports.ts';

export function broadcast(listeners: readonly (Observer & Scoreboard)[]): Observer & Scoreboard {
  const each = (tell: (listener: Observer & Scoreboard) => void): void => listeners.forEach(tell);
  return {
    recorded: (...told) => each((listener) => listener.recorded(...told)),
    tokenRefused: (...told) => each((listener) => listener.tokenRefused(...told)),
    sinkConnected: () => each((listener) => listener.sinkConnected()),
    sinkRefused: (...told) => each((listener) => listener.sinkRefused(...told)),
    partFailed: (...told) => each((listener) => listener.partFailed(...told)),
    partStands: (...told) => each((listener) => listener.partStands(...told)),
    endpointChecked: (...told) => each((listener) => listener.endpointChecked(...told)),
    sendingRefused: (...told) => each((listener) => listener.sendingRefused(...told)),
    judged: (...told) => each((listener) => listener.judged(...told)),
  };
}
