/** Properties of a mutant are tried with the same draws in every run, and a counterexample is enough: nobody reads the smallest. */
import fc from 'fast-check';

fc.configureGlobal({ seed: 1, endOnFailure: true });
