#!/usr/bin/env node
/** The installed command: an old Node.js gets one clear line, any other runs main. */
import './require-node.cjs';

// Loaded only now: under an old Node.js its own imports would fail first, with a stack trace.
await import('./main.ts');
