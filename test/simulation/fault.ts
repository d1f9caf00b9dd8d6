/** What a simulation can do to an agent, by name. Each kind draws from a stream of its own, so that leaving one out changes no other. */

export const FAULT_KINDS = [
  // The provider's mail.
  'slow mail',
  'very slow mail',
  'lost mail',
  'duplicated mail',
  'bounced mail',
  'refused mail',
  'greylisting',
  'throttling',
  'full mailbox',
  'cut-through',
  'dropped connection',
  'junk folder',
  // The provider's servers.
  'outage',
  'expired certificate',
  'failing transfers',
  'remembered failure',
  // Its mailbox.
  'mailbox disconnects',
  'mailbox lies',
  'renumbered folder',
  'renamed folder',
  'other clients',
  // Our side.
  'line down',
  'sink cut off',
  'strangers',
  'kill',
  'stop',
  'reboot',
  'suspend',
  'held process',
  'disk full',
  'slow disk',
  'torn write',
  'clock steps',
  'busy process',
  // What people do.
  'exclusions',
  'spot checks',
  // Later ones draw whether a world has them from streams of their own too: the seeds of before keep their worlds.
  'failing sink',
  'line cut',
  'suspend under way',
  'throttling for good',
  'unset clock',
  'frozen host',
  'unknown networks',
  'other notices',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];
export const LATER_KINDS: readonly FaultKind[] = [
  'failing sink',
  'line cut',
  'suspend under way',
  'throttling for good',
  'unset clock',
  'frozen host',
  'unknown networks',
  'other notices',
];

/** One injected fault, as it happened: milliseconds that passed for everybody (`VirtualClock.passedSeconds`). */
export interface InjectedFault {
  readonly kind: FaultKind;
  readonly fromMs: number;
  readonly toMs: number;
}
