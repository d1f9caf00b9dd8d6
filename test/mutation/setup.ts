/**
 * Properties of a mutant are tried with the same draws in every run, and a counterexample is enough: nobody reads the smallest.
 * Most are found within a few draws; a survivor would wait for all of them, of every property.
 */
import fc from 'fast-check';

fc.configureGlobal({ seed: 1, endOnFailure: true, interruptAfterTimeLimit: 500 });
