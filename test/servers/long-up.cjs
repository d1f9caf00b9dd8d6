/** Preloaded into a command: its host has been up for a day longer than it has, so that its wall clock counts as set. */
const os = require('node:os');
const { syncBuiltinESMExports } = require('node:module');

const DAY_SECONDS = 86_400;
const { uptime } = os;
os.uptime = () => uptime() + DAY_SECONDS;
syncBuiltinESMExports();
