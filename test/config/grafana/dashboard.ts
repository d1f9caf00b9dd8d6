/** Reads the shipped Grafana dashboard, as far as tests look at it. */
import { readFileSync } from 'node:fs';

export const FOLDER = new URL('../../../config/grafana/', import.meta.url);

export interface DataSource {
  readonly type: string;
  readonly uid: string;
}
export interface Query {
  readonly refId: string;
  readonly datasource: DataSource;
  readonly expr: string;
  readonly instant: boolean;
  readonly range: boolean;
}
export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  /** 24 columns; rows of any number. */
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly datasource?: DataSource;
  readonly targets?: readonly Query[];
  readonly fieldConfig?: {
    readonly defaults: {
      readonly unit: string;
      readonly thresholds: { readonly steps: readonly { readonly color: string; readonly value: number | null }[] };
      readonly custom?: { readonly spanNulls?: boolean };
    };
    readonly overrides: readonly { readonly matcher: { readonly id: string; readonly options: string } }[];
  };
  readonly options?: { readonly reduceOptions?: { readonly calcs: readonly string[] } };
}
export interface Variable {
  readonly name: string;
  readonly type: string;
  readonly definition?: string;
}
export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly schemaVersion: number;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly Variable[] };
  readonly annotations: { readonly list: readonly { readonly datasource: DataSource; readonly expr: string }[] };
}

export const dashboardText = readFileSync(new URL('dashboards/mailflow.json', FOLDER), 'utf8');
export const dashboard = JSON.parse(dashboardText) as Dashboard;
/** All but the headings of rows. */
export const panels = dashboard.panels.filter(({ type }) => type !== 'row');

/** Every query of a panel by a name for people. */
export const queries = panels.flatMap((panel) =>
  (panel.targets ?? []).map((query) => ({ name: `${panel.title} ${query.refId}`, panel, expr: query.expr })),
);

/** What fills the lists of the variables: `label_values(selector, label)`. */
export const listings = dashboard.templating.list.flatMap(({ name, definition }) => {
  if (definition === undefined) return [];
  const parts = /^label_values\((?<selector>.+), (?<label>\w+)\)$/.exec(definition)?.groups;
  if (parts === undefined) throw new Error(`the variable ${name} is no label_values(): ${definition}`);
  return [{ name, selector: parts['selector']!, label: parts['label']! }];
});

/** An expression as Grafana sends it. */
export function filledIn(expr: string, values: Readonly<Record<string, string>>): string {
  return expr.replaceAll(/\$(\w+)/g, (whole, name: string) => values[name] ?? whole);
}
