/** The colours that the report and the status page share. */

/** Text has at least 4.5:1 against what it stands on, marks 3:1 (WCAG 2.2), in both schemes. */
export const LIGHT = `
--ground:#ffffff;--raised:#f7f8f9;--ink:#1b2026;--soft:#56606b;--rule:#e1e5e9;--strong-rule:#aab3bc;
--data:#2f62a8;--data-soft:#a9c3e6;--data-ink:#163a6d;--limit:#7a4b00;
--met:#1a6b42;--met-ground:#e8f4ed;--breach:#a8231b;--breach-ground:#fceceb;--open:#7a5200;--open-ground:#fdf3e0;
--gap:#8b949e;--excluded:#6a51a3;--excluded-ground:#efeaf7;--future:#f1f3f5;--over:#d9b3b0;`;
export const DARK = `
--ground:#14171b;--raised:#1c2026;--ink:#e7eaee;--soft:#a3adb8;--rule:#2d333b;--strong-rule:#56606b;
--data:#7fb0f0;--data-soft:#3a5f92;--data-ink:#d8e7fb;--limit:#e5b567;
--met:#7fd1a5;--met-ground:#173527;--breach:#ff9c92;--breach-ground:#43201d;--open:#f0c274;--open-ground:#3a2d13;
--gap:#7d8792;--excluded:#b9a3e8;--excluded-ground:#2b2540;--future:#1c2026;--over:#6b3a36;`;
