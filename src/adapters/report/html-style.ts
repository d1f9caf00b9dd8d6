/** How the report's page looks: light and dark, from a telephone's width to paper. */
import { DARK, LIGHT } from '../../page/tokens.ts';

const TEXT = `
*{box-sizing:border-box}
html{color-scheme:light dark;-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0 auto;max-width:68rem;padding:2.5rem clamp(1rem,4vw,3rem) 4rem;background:var(--ground);color:var(--ink);
font:1rem/1.6 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue","PingFang SC","Hiragino Sans GB","Microsoft YaHei","Noto Sans CJK SC","Noto Sans SC",sans-serif;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
h1,h2,h3,h4,p,ul,ol,dl,figure{margin:0}
h1,h2,h3,h4{line-height:1.25;font-weight:650;text-wrap:balance}
h1{font-size:clamp(2rem,5vw,2.75rem);letter-spacing:-.015em}
h2{font-size:1.6rem;letter-spacing:-.01em}
h3{font-size:1.25rem;margin:3.5rem 0 1.25rem}
h4{font-size:1.05rem}
ul,ol{padding:0;list-style:none}
code{font:.92em ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono","Liberation Mono",monospace}
q{quotes:none;font-style:italic}
time{white-space:nowrap}
.hatches{position:absolute}
.page-head{padding-bottom:1.75rem;border-bottom:1px solid var(--rule)}
.eyebrow,.term,.state,.note,.also,.reason,.nothing{color:var(--soft)}
.eyebrow{font-size:.95rem;font-weight:600}
.state{margin-top:.35rem}
.provider{margin-top:2.5rem}
.provider+.provider{border-top:2px solid var(--strong-rule);padding-top:2.5rem;margin-top:4rem}
.headline{display:flex;flex-wrap:wrap;gap:.6rem 1rem;align-items:center;margin-top:1.25rem;font-size:1.2rem;line-height:1.45}
.headline p{flex:1 1 18rem}
.headline .also{font-size:1rem}
.note{margin-top:.75rem;max-width:46rem}
.badge{display:inline-flex;align-items:center;gap:.4em;padding:.16em .6em .16em .45em;border-radius:.4em;font-size:.85rem;font-weight:650;line-height:1.5;white-space:nowrap;vertical-align:.1em}
.headline .badge{font-size:1rem}
.badge svg{flex:none;fill:none;stroke:currentColor;stroke-width:1.6;stroke-linecap:round;stroke-linejoin:round}
.met{color:var(--met);background:var(--met-ground)}
.breach{color:var(--breach);background:var(--breach-ground)}
.inconclusive{color:var(--open);background:var(--open-ground)}
.verdict{padding:1.35rem 0;border-top:1px solid var(--rule)}
.verdict:last-child{border-bottom:1px solid var(--rule)}
.verdict-head{display:flex;justify-content:space-between;align-items:center;gap:1rem}
.clause-id{display:inline-block;min-width:1.9em;color:var(--soft);font-weight:500}
.pledges{margin-top:.65rem;display:grid;gap:.65rem}
.pledge{display:grid;grid-template-columns:11rem 12.25rem minmax(0,1fr) 11.5rem 8.5rem;gap:.25rem 1rem;align-items:end}
.pledge-name{font-weight:500;padding-left:2.1rem}
.term{display:block;font-size:.8rem;line-height:1.3}
.found b{font-weight:650}
.found b{display:block;text-wrap:balance}
.gauge svg{display:block;width:100%;max-width:15rem;height:auto}
.pledge-verdict{text-align:right}
.pledge-verdict .badge{font-size:.78rem;font-weight:550;background:none;padding-right:0}
.owed{margin-top:.8rem;padding-left:2.1rem}
.owed+.owed{margin-top:.2rem}
.owed .term{display:inline;margin-right:.6em;font-size:.85rem}
.closed{margin-top:1rem;font-size:.9rem;color:var(--soft);overflow-wrap:anywhere}
.closed ul{margin:.4rem 0 0 1.2rem;list-style:disc}
.attested-head{margin-top:2rem;font-size:.95rem;color:var(--soft);font-weight:600}
.attested{margin-top:.6rem;font-size:.95rem}
.attested li{display:grid;grid-template-columns:auto 1fr;gap:.3rem .8rem;align-items:start}
.attested li+li{margin-top:1rem}
.attested .reason{grid-column:2;font-size:.9rem}
.facts{display:grid;gap:.5rem 2rem;margin-top:1.25rem}
.facts div{display:grid;grid-template-columns:minmax(9rem,13rem) 1fr;gap:0 1.25rem}
.facts dt{color:var(--soft)}
.facts dd{margin:0;min-width:0}
.clause{margin-top:2.75rem}
.clause:first-of-type{margin-top:0}
.clause>h4{display:flex;flex-wrap:wrap;align-items:center;gap:.3rem .8rem;font-size:1.1rem}
.scroll{position:relative;overflow-x:auto;margin-top:1rem}
.scroll:focus-visible,summary:focus-visible{outline:2px solid var(--data);outline-offset:2px}
table{border-collapse:collapse;width:100%;font-size:.92rem;line-height:1.45}
caption{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
small{display:block;color:var(--soft);font-size:.85em}
th,td{text-align:left;vertical-align:top;padding:.5rem 1.1rem .5rem 0;border-bottom:1px solid var(--rule);overflow-wrap:break-word;min-width:5.5rem}
thead th{color:var(--soft);font-weight:550;font-size:.85rem;border-bottom-color:var(--strong-rule)}
tbody th{font-weight:500}
th:last-child,td:last-child{padding-right:0}
.method ul{margin-top:1rem;padding-left:1.2rem;list-style:disc;max-width:50rem}
.method li+li{margin-top:.5rem}
.method{margin-top:4rem;padding-top:2rem;border-top:1px solid var(--rule)}
.evidence section+section{margin-top:2.5rem}
.breaches{counter-reset:breach}
.breaches>li{counter-increment:breach;margin-top:1rem;padding:1rem 1.25rem;border:1px solid var(--rule);border-radius:.5rem}
.breach-head{display:flex;flex-wrap:wrap;gap:.25rem 1rem;align-items:center;font-weight:600}
.breach-head::before{content:counter(breach) ".";color:var(--soft);font-weight:500}
.certainty{display:inline-flex;gap:.4rem;align-items:center;font-weight:550;color:var(--breach)}
:target{scroll-margin-top:1rem}
.breaches>li:target{border-color:var(--data);outline:2px solid var(--data)}
.breaches .facts{margin-top:.6rem;gap:.15rem;font-size:.92rem}
.breaches .facts div{grid-template-columns:minmax(6rem,9rem) 1fr}
`;

const PICTURES = `
figure{margin-top:2.25rem}
figure:first-of-type{margin-top:0}
figcaption p{color:var(--soft);font-size:.92rem;max-width:46rem}
figure .wide,figure .narrow{margin-top:.9rem}
figure .narrow{display:none}
figure .wide svg,figure .narrow svg{display:block;width:100%;height:auto;overflow:visible}
svg text{font-family:inherit;font-size:12px;fill:var(--soft)}
svg .limit-name{fill:var(--limit);font-weight:600;paint-order:stroke;stroke:var(--ground);stroke-width:3px;stroke-linejoin:round}
.grid{stroke:var(--rule);fill:none;stroke-width:1}
.faint{stroke-dasharray:1 3}
.axis{stroke:var(--strong-rule);fill:none;stroke-width:1}
.limit{stroke:var(--limit);fill:none;stroke-width:1.4;stroke-dasharray:7 4}
.now{stroke:var(--strong-rule);fill:none;stroke-dasharray:2 3}
.range{stroke:var(--data-soft);fill:none}
.median{stroke:var(--data-ink);fill:none}
.open-range{stroke:var(--data);fill:none;stroke-width:1;stroke-dasharray:2 2}
.band{fill:var(--data-soft);opacity:.8}
.curve{stroke:var(--data);fill:none;stroke-width:1.6}
.mark{fill:none;stroke:var(--breach);stroke-width:1.7;stroke-linecap:round;stroke-linejoin:round}
.mark.diamond{fill:var(--breach);stroke:var(--ground);stroke-width:2.4;paint-order:stroke}
.mark.open-diamond{fill:var(--ground)}
.mark.square,.mark.arrow{stroke:var(--data)}
.mark.plus{stroke:var(--ink)}
.gap{fill:url(#hatch-gap)}
.gap-line{stroke:var(--gap);fill:none;stroke-width:1}
.excluded{fill:url(#hatch-excluded)}
.excluded-ground{fill:var(--excluded-ground)}
.excluded-line{stroke:var(--excluded);fill:none;stroke-width:1}
.future,.weekend{fill:var(--future)}
.weekend{opacity:.7}
.outage-proven{fill:var(--breach)}
.outage-possible{fill:var(--ground);stroke:var(--breach);stroke-width:1}
.track{fill:var(--met-ground);stroke:var(--strong-rule);stroke-width:1}
.over{fill:url(#hatch-over)}
.over-line{stroke:var(--over);fill:none;stroke-width:1.2}
.gauge-limit{stroke:var(--limit);fill:none;stroke-width:2}
.measured{fill:var(--data-ink)}
.mark.gauge-open{stroke:var(--ground)}
.legend{display:flex;flex-wrap:wrap;gap:.3rem 1.5rem;margin-top:.75rem;font-size:.88rem;color:var(--soft)}
.legend li{display:flex;align-items:center;gap:.5rem}
.legend svg{flex:none}
details{margin-top:.75rem;font-size:.92rem}
summary{cursor:pointer;color:var(--data);width:fit-content}
`;

const NARROW = `
@media screen and (max-width:60rem){
.pledge{grid-template-columns:1fr 1fr;padding-left:2.1rem}
.pledge-name{grid-column:1/-1;padding-left:0}
.gauge{grid-column:1}
.pledge-verdict{text-align:left}
}
@media screen and (max-width:40rem){
body{padding-top:1.5rem}
.verdict-head{align-items:flex-start}
.pledge{grid-template-columns:1fr;padding-left:0}
.found b{display:inline}
.pledge-name,.owed{padding-left:0}
.pledge+.pledge{border-top:1px dashed var(--rule);padding-top:.65rem}
.promised .term,.found .term{display:inline-block;min-width:5.5rem}
.facts div,.breaches .facts div{grid-template-columns:1fr}
.facts dd{margin-bottom:.35rem}
.attested li{grid-template-columns:1fr}
.attested .badge{justify-self:start}
.pledge-verdict .badge{padding-left:0}
td{min-width:7.5rem}
.attested .reason{grid-column:1}
figure .wide{display:none}
figure .narrow{display:block}
.breaches>li{padding:.8rem .9rem}
}
`;

/** Black on white whatever the screen's scheme; nothing that can be kept whole is broken. */
const PAPER = `
@page{size:A4;margin:14mm 13mm 16mm}
@media print{
:root{--ground:#fff;--ink:#000;--soft:#3a3f45;--rule:#c9ced3}
html{color-scheme:light;font-size:9.5pt}
body{max-width:none;padding:0;line-height:1.42;print-color-adjust:exact;-webkit-print-color-adjust:exact}
h1{font-size:22pt}h2{font-size:15pt}h3{font-size:12.5pt;margin:18pt 0 8pt}
h1,h2,h3,h4,caption,figcaption,.breach-head{break-after:avoid}
.note,figcaption p{max-width:none}
.verdict,.scroll,tr,figure,.breaches>li,.facts div,.legend,.method li,.attested li{break-inside:avoid}
thead{display:table-header-group}
.scroll{overflow:visible}
table,.breaches .facts{font-size:8.5pt}
th,td{min-width:0;padding:3pt 7pt 3pt 0}
.pledge{grid-template-columns:36mm 33mm 47mm minmax(0,1fr) 31mm;gap:2pt 6pt}
.facts{gap:2pt;margin-top:8pt}
details{display:none}
.provider+.provider{break-before:page}
.badge{border:.6pt solid currentColor;background:none}
.pledge-verdict .badge{border:0}
}
`;

export const STYLE = `:root{${LIGHT}}
@media screen and (prefers-color-scheme:dark){:root{${DARK}}}
${TEXT}${PICTURES}${NARROW}${PAPER}`;
