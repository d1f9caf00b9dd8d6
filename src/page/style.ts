/** How the status page looks: light and dark, from a telephone's width up; colours as in the report. */
import { DARK, LIGHT } from './tokens.ts';

const GROUND = `
*{box-sizing:border-box}
html{color-scheme:light dark;-webkit-text-size-adjust:100%;text-size-adjust:100%;scroll-padding-top:1rem}
body{margin:0;background:var(--ground);color:var(--ink);
font:1rem/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue","PingFang SC","Hiragino Sans GB","Microsoft YaHei","Noto Sans CJK SC","Noto Sans SC",sans-serif;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
.page{margin:0 auto;max-width:76rem;padding:0 clamp(1rem,3.5vw,2.5rem) 3rem}
h1,h2,h3,h4,p,ul,ol,dl,dd{margin:0}
h1,h2,h3,h4{line-height:1.25;font-weight:650;text-wrap:balance}
ul,ol{padding:0;list-style:none}
a{color:var(--data);text-underline-offset:.15em}
a:hover{text-decoration-thickness:2px}
code{font:.88em ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono","Liberation Mono",monospace}
time{white-space:nowrap}
small{display:block;color:var(--soft);font-size:.85em;line-height:1.4}
.soft,.note,.term{color:var(--soft)}
.note{font-size:.88rem}
:focus-visible{outline:2px solid var(--data);outline-offset:2px;border-radius:3px}
main:focus{outline:none}
.skip{position:absolute;left:-100vw}
.skip:focus{left:1rem;top:.5rem;background:var(--ground);padding:.4rem .8rem;z-index:2}
.hatches{position:absolute}
.card{background:var(--raised);border:1px solid var(--rule);border-radius:.7rem;padding:1.15rem 1.3rem;min-width:0}
.card>h3,.card>h2{font-size:1.08rem;margin-bottom:.7rem}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,27rem),1fr));gap:1rem;align-items:start}
`;

const HEAD = `
.page-head{display:flex;flex-wrap:wrap;align-items:center;gap:.35rem 1.1rem;padding:1.1rem 0 1rem;border-bottom:1px solid var(--rule)}
.brand{display:inline-flex;align-items:center;gap:.5rem;font-weight:650;color:var(--ink);text-decoration:none}
.mark{fill:none;stroke:var(--data);stroke-width:1.9;stroke-linejoin:round}
h1{font-size:1rem;font-weight:450;color:var(--soft);flex:1 1 14rem}
.link{display:inline-flex;align-items:center;gap:.45rem;font-size:.9rem;color:var(--soft)}
.dot{width:.6rem;height:.6rem;border-radius:50%;border:2px solid var(--gap)}
.live .dot{background:var(--met);border-color:var(--met)}
.lost,.stale.link{color:var(--open);font-weight:600}
.lost .dot,.stale .dot{border-color:var(--open);border-radius:1px;transform:rotate(45deg)}
.language{font-size:.9rem;padding:.15rem .6rem;border:1px solid var(--strong-rule);border-radius:1rem;text-decoration:none}
.strip{display:flex;gap:.7rem;align-items:flex-start;margin-top:1rem;padding:.7rem 1rem;border-radius:.6rem;background:var(--future)}
.strip .sign{margin-top:.3rem}
.alarm{background:var(--open-ground);color:var(--open);font-weight:550}
.stale .provider,.stale .probes{opacity:.55}
footer{margin-top:2.5rem;padding-top:1rem;border-top:1px solid var(--rule);font-size:.9rem;color:var(--soft);display:flex;flex-wrap:wrap;gap:.3rem 2rem}
`;

const PROVIDER = `
.provider{padding-top:1.6rem;display:grid;gap:1rem}
.provider>*{min-width:0}
.provider+.provider{margin-top:2.5rem;border-top:2px solid var(--strong-rule)}
.provider-head{display:flex;flex-wrap:wrap;align-items:baseline;gap:.2rem 1rem}
.provider-head h2{font-size:1.9rem;letter-spacing:-.015em}
.looks{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,24rem),1fr));gap:1rem}
.look{padding:1.2rem 1.4rem;border-radius:.8rem;border:1px solid transparent;border-left:.45rem solid currentColor;color:var(--ink)}
.look.met{background:var(--met-ground);border-left-color:var(--met)}
.look.breach{background:var(--breach-ground);border-left-color:var(--breach)}
.look.inconclusive{background:var(--open-ground);border-left-color:var(--open)}
.look.plain{background:var(--raised);border-color:var(--rule);border-left-color:var(--gap)}
.look h3{display:flex;flex-wrap:wrap;align-items:center;justify-content:space-between;gap:.3rem .8rem;font-size:1.02rem;font-weight:550}
.look .badge{font-size:1.25rem;background:none;padding:0}
.look .badge .sign{width:1.5rem;height:1.5rem}
.said{margin-top:.55rem;font-size:1.12rem;line-height:1.45;font-weight:500}
.said li+li{margin-top:.3rem}
.look-more{margin-top:.7rem;font-size:.92rem}
.look a{color:inherit}
.day-paths{display:grid;gap:.45rem;margin-top:.6rem;font-size:.95rem}
.day-paths:empty{display:none}
.day-paths li{display:grid;grid-template-columns:1.2rem minmax(4.2rem,max-content) minmax(0,1fr);gap:0 .55rem;line-height:1.4}
.day-sign .sign{display:block;margin-top:.18rem}
.met-text .sign{color:var(--met)}.breach-text .sign{color:var(--breach)}
.day-trouble{display:block;color:var(--breach);font-weight:650}
.look small{color:var(--ink)}
.badge{display:inline-flex;align-items:center;gap:.4em;padding:.16em .6em .16em .45em;border-radius:.4em;font-size:.85rem;font-weight:650;line-height:1.5}
.sign{flex:none;fill:none;stroke:currentColor;stroke-width:1.6;stroke-linecap:round;stroke-linejoin:round}
.badge.met{color:var(--met);background:var(--met-ground)}
.badge.breach{color:var(--breach);background:var(--breach-ground)}
.badge.inconclusive{color:var(--open);background:var(--open-ground)}
.clauses{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,16rem),1fr));gap:1rem}
.clause{display:flex;flex-direction:column;gap:.8rem;border-top:3px solid var(--rule)}
.clause.breach-edge{border-top-color:var(--breach)}
.clause.met-edge{border-top-color:var(--met)}
.clause.inconclusive-edge{border-top-color:var(--open)}
.clause h4{display:grid;grid-template-columns:fit-content(40%) minmax(0,1fr);justify-items:start;gap:.4rem .4rem;font-size:1rem}
.clause h4 .badge{grid-column:1/-1}
.clause-id{color:var(--soft);font-weight:500}
.pledges{display:grid;gap:.85rem}
.pledge-line{display:flex;flex-wrap:wrap;justify-content:space-between;gap:0 .8rem;font-size:.93rem}
.found{font-weight:650}
.breach-text .found{color:var(--breach)}
.term{font-size:.8rem}
.clause .note{margin-top:auto}
.owed{font-size:.9rem;font-weight:600}
.attested{margin-top:.7rem;font-size:.88rem;color:var(--soft)}
.gauge{display:block;margin:.15rem 0;overflow:hidden}
.track{fill:var(--future);stroke:var(--strong-rule);stroke-width:1}
.over{fill:var(--over);opacity:.45}
.gauge.met .sure{fill:var(--met)}.gauge.breach .sure{fill:var(--breach)}.gauge.inconclusive .sure{fill:var(--open)}.gauge.plain .sure{fill:var(--data)}
.gauge.met .unsure{fill:url(#hatch-met);stroke:var(--met)}.gauge.breach .unsure{fill:url(#hatch-breach);stroke:var(--breach)}
.gauge.inconclusive .unsure{fill:url(#hatch-inconclusive);stroke:var(--open)}.gauge.plain .unsure{fill:url(#hatch-plain);stroke:var(--data)}
.hatch{stroke-width:2;fill:none}
.hatch.met{stroke:var(--met)}.hatch.breach{stroke:var(--breach)}.hatch.inconclusive{stroke:var(--open)}.hatch.plain{stroke:var(--data)}
.box.empty{fill:var(--ground);stroke:var(--strong-rule)}
.limit-line{stroke:var(--limit);stroke-width:2}
.beyond{fill:none;stroke:var(--ground);stroke-width:2}
.legend{display:flex;flex-wrap:wrap;gap:.25rem 1.3rem;margin-top:.7rem;font-size:.85rem;color:var(--soft)}
.legend li{display:flex;align-items:center;gap:.45rem}
.legend svg{flex:none;margin:0}
`;

const TABLES = `
.scroll{position:relative;overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.92rem;line-height:1.45}
caption{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
th,td{text-align:left;vertical-align:top;padding:.45rem 1rem .45rem 0;border-bottom:1px solid var(--rule);overflow-wrap:break-word}
tbody tr:last-child>*{border-bottom:0}
thead th{color:var(--soft);font-weight:550;font-size:.84rem;border-bottom-color:var(--strong-rule)}
tbody th{font-weight:500}
th:last-child,td:last-child{padding-right:0}
td .badge{font-size:.8rem;padding:.05em .5em .05em .35em;white-space:nowrap}
.probes{display:grid;gap:1rem;margin-top:2rem}
.count{display:inline-block;min-width:1.7em;padding:0 .45em;border-radius:1em;background:var(--future);border:1px solid var(--rule);text-align:center;font-size:.85rem;font-weight:550}
.error,.problem{color:var(--breach)}
.recent .scroll{max-height:34rem;overflow-y:auto}
.recent thead th{position:sticky;top:0;background:var(--raised);z-index:1}
.stages{display:block;min-width:9rem}
.stages svg{display:block;margin-top:.4rem;border-radius:2px}
.stage-0{fill:var(--data)}.stage-1{fill:var(--data-soft)}
`;

const CONTROLS = `
button,select,input{font:inherit;color:inherit}
button{padding:.35rem .85rem;border:1px solid var(--strong-rule);border-radius:.45rem;background:var(--ground);cursor:pointer}
button:hover:not(:disabled){border-color:var(--data);color:var(--data)}
button:disabled{opacity:.6;cursor:default}
.primary{background:var(--data);border-color:var(--data);color:var(--ground);font-weight:600}
.primary:hover:not(:disabled){background:var(--data-ink);border-color:var(--data-ink);color:var(--ground)}
.choice{display:inline-flex;flex-wrap:wrap;border:1px solid var(--strong-rule);border-radius:.5rem;overflow:hidden}
.choice button{border:0;border-radius:0;padding:.25rem .7rem;font-size:.9rem;background:transparent}
.choice button+button{border-left:1px solid var(--rule)}
.choice [aria-pressed=true]{background:var(--data);color:var(--ground);font-weight:600}
.choice button:focus-visible{outline-offset:-3px}
.choice [aria-pressed=true]:focus-visible{outline-color:var(--ground)}
select,input{padding:.35rem .5rem;border:1px solid var(--strong-rule);border-radius:.45rem;background:var(--ground);max-width:100%;width:100%;min-height:2.4rem}
.field{display:grid;gap:.2rem;font-size:.92rem;min-width:0}
.field>span{color:var(--soft);font-size:.85rem}
.spot-form,.token{display:grid;grid-template-columns:minmax(0,1fr) auto;gap:.7rem;align-items:end}
.spot-form .soft,.token .note,.token .problem{grid-column:1/-1}
.token{margin-top:1rem;padding:.8rem 1rem;border:1px solid var(--strong-rule);border-radius:.5rem}
.spot-verdict:not(:empty){margin-top:1rem}
.spot-verdict .badge{font-size:1rem;padding:.3em .7em}
.steps{display:flex;flex-wrap:wrap;gap:.4rem;margin:.8rem 0}
.steps li{padding:.2rem .6rem;border:1px solid var(--strong-rule);border-radius:.4rem;font-size:.85rem;line-height:1.3}
.steps .done{border-color:var(--met);background:var(--met-ground);color:var(--met)}
.steps .done span::before{content:"✓ "}
.steps .done small{color:inherit}
.steps .current{border-color:var(--data);border-width:2px;font-weight:600}
.steps .current span::before{content:"… "}
.steps .failed{border-color:var(--breach);background:var(--breach-ground);color:var(--breach);font-weight:600}
.steps .failed span::before{content:"✕ "}
.steps .failed small{color:inherit}
.steps .missed{color:var(--soft);border-style:dashed}
.steps .missed span::before{content:"– "}
.steps .ahead{border-style:dashed;color:var(--soft)}
@media (prefers-reduced-motion:no-preference){.steps .current{animation:breathe 1.4s ease-in-out infinite alternate}@keyframes breathe{to{background:var(--future)}}}
details{margin-top:.8rem;font-size:.92rem}
summary{cursor:pointer;color:var(--data);width:fit-content}
details>*+*{margin-top:.7rem}
.exclusion-form{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,14rem),1fr));gap:.7rem;align-items:end}
.exclusion-form .note,.retracting .field:first-child{grid-column:1/-1}
`;

const CHART = `
.chart-controls{display:flex;flex-wrap:wrap;gap:.5rem .8rem;margin-bottom:.8rem}
.plot{height:20rem;position:relative;border-radius:4px}
.plot .uplot{font-family:inherit}
.plot .u-select{background:var(--data);opacity:.15}
.plot .u-cursor-x{border-right:1px dashed var(--ink)}
.plot .u-cursor-y{display:none}
.readout{min-height:1.6em;margin-top:.4rem;font-size:.93rem}
.key{fill:none;stroke:var(--data);stroke-width:1.6}
.key-median circle{fill:var(--data);stroke:none}
.key-unsure{stroke-dasharray:2 2}
.key-exceeded path{fill:var(--breach);stroke:none}
.key-failed{stroke:var(--breach);stroke-width:2}
.key-pending{stroke:var(--open)}
.key-limit{stroke:var(--limit);stroke-dasharray:5 3}
.key-excluded{fill:var(--excluded-ground);stroke:var(--excluded)}
.key-gap{fill:var(--future);stroke:var(--gap);stroke-dasharray:2 2}
`;

const LIFE = `
.back{margin-top:1.2rem;font-size:.95rem}
.life-head{margin:1rem 0 1.2rem}
.life-head h2{display:flex;flex-wrap:wrap;align-items:center;gap:.3rem .8rem;font-size:1.7rem;margin:.1rem 0 .3rem}
.life-delay b{font-size:1.3rem}
.over-maximum{display:flex;align-items:center;gap:.45rem;font-weight:600}
.timeline{margin-bottom:1rem}
.timeline table{min-width:44rem}
.timeline tbody th{white-space:nowrap;width:1%}
.timeline .axis-cell,.timeline td:nth-child(2){width:46%}
.timeline td:nth-child(3){white-space:nowrap;width:1%}
.timeline .step>*{color:var(--soft);font-size:.86rem;padding-top:.15rem;padding-bottom:.15rem;border-bottom-color:transparent}
.timeline .step>th{padding-left:1rem}
.timeline .trouble>th{color:var(--breach)}
.axis{display:block;overflow:visible}
.axis text{font-size:11px;fill:var(--soft)}
.life-mark{display:block;overflow:visible}
.rail{stroke:var(--rule)}
.lasted{fill:var(--data-soft)}
.within{fill:url(#hatch-plain);stroke:var(--data)}
.moment{stroke:var(--data-ink);stroke-width:2}
.trouble .moment{stroke:var(--breach)}
.trouble .within{fill:url(#hatch-breach);stroke:var(--breach)}
.facts{display:grid;gap:.5rem}
.facts div{display:grid;grid-template-columns:minmax(6rem,10rem) minmax(0,1fr);gap:0 1rem}
.facts dt{color:var(--soft)}
.failure{padding:2.5rem 0}
.failure h2{font-size:1.7rem;margin:.2rem 0 .8rem}
.raw-header{margin-top:1rem}
.raw-header pre{margin:.7rem 0 0;padding:.8rem 1rem;max-height:30rem;overflow:auto;background:var(--ground);border:1px solid var(--rule);border-radius:.45rem;font:.82rem/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono","Liberation Mono",monospace}
.raw-header pre span{display:block;white-space:pre-wrap;overflow-wrap:anywhere;min-height:1.5em}
`;

const NARROW = `
@media (max-width:40rem){
.provider{padding-top:1.1rem}
.provider-head h2{font-size:1.5rem}
.look{padding:.9rem 1rem}
.card{padding:.9rem 1rem}
.look .badge{font-size:1.1rem}
.plot{height:16rem}
h1{order:3;flex-basis:100%}
.link{flex:1}
td{min-width:4.5rem}
.spot-form,.token{grid-template-columns:1fr}
.day-paths li{grid-template-columns:1.2rem minmax(0,1fr)}
.day-paths li>div{grid-column:2}
.facts div{grid-template-columns:1fr}
.facts dd{margin-bottom:.35rem}
}
@media (scripting:none){.with-script,.chart-controls,.plot,.chart .note,.spot-form,.entering,.retracting{display:none}}
@media (pointer:coarse){button,select,input,.choice button{min-height:2.75rem}}
`;

export const STYLE = `:root{${LIGHT}}
@media (prefers-color-scheme:dark){:root{${DARK}}}
${GROUND}${HEAD}${PROVIDER}${TABLES}${CONTROLS}${CHART}${LIFE}${NARROW}`;
