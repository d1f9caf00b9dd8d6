/** compose.yml and what it mounts hold together: the schema, every file, every secret, every name by which one container knows another. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { DCLinter } from 'dclint';
import { describe, expect, onTestFinished, test } from 'vitest';
import { launch } from '../../cli/launch.ts';
import { ALERTMANAGER, describeWith, PROMTOOL } from '../../servers/available.ts';
import { checkAsGiven, DEPLOY, PROGRAM_VARIABLES, secretsAskedFor, textOf, yamlOf } from './manifests.ts';

interface ServiceOf {
  readonly build?: string;
  readonly image: string;
  readonly profiles?: readonly string[];
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly secrets?: readonly string[];
  readonly ports?: readonly string[];
  readonly tmpfs?: readonly string[];
  readonly networks?: Readonly<Record<string, { readonly aliases: readonly string[] }>>;
}
interface Compose {
  readonly services: Readonly<Record<string, ServiceOf>>;
  readonly volumes: Readonly<Record<string, unknown>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
}
interface PrometheusFile {
  readonly rule_files: readonly string[];
  readonly alerting: { readonly alertmanagers: readonly StaticTargets[] };
  readonly scrape_configs: readonly (StaticTargets & { readonly job_name: string })[];
}
interface StaticTargets {
  readonly static_configs: readonly { readonly targets: readonly string[] }[];
}

const COMPOSE = yamlOf<Compose>(textOf('compose.yml'));
const SERVICES = Object.entries(COMPOSE.services);
const { 'mailflow-probe': AGENT, demo: DEMO, prometheus: PROMETHEUS, grafana: GRAFANA } = COMPOSE.services;
const CONFIGURATION = textOf('mailflow-probe.yml');
const PROMETHEUS_FILE = yamlOf<PrometheusFile>(textOf('prometheus.yml'));

/** Where a container answers, by the services' names and the ports that they publish. */
const REACHABLE = SERVICES.flatMap(([name, { ports = [] }]) =>
  ports.map((port) => `${name}:${port.split(':').at(-1)}`),
);

/** Host path, container path and mode of each volume that is a file or folder of the repository. */
const mountsOf = ({ volumes = [] }: ServiceOf) =>
  volumes.map((volume) => volume.split(':')).filter(([from]) => from!.startsWith('.'));

/** Its own types name files that TypeScript cannot find. */
interface LintResult {
  readonly messages: readonly { readonly rule: string; readonly message: string }[];
}

/** Problems of a compose file with the schema of the Compose Specification, which knows every key. */
function schemaProblems(text: string): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), 'mfp-compose-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'compose.yml'), text);
  const linter = new DCLinter({ rules: {}, quiet: false, debug: false, exclude: [] });
  const results = linter.lintFiles([join(folder, 'compose.yml')], false) as readonly LintResult[];
  return results.flatMap(({ messages }) =>
    messages.filter(({ rule }) => SCHEMA_RULES.has(rule)).map(({ message }) => message),
  );
}
/** The linter's other rules are about taste. */
const SCHEMA_RULES: ReadonlySet<string> = new Set(['invalid-schema', 'invalid-yaml']);

describe('compose.yml', () => {
  test('holds to the Compose Specification', () => {
    // What `<<` merges is only looked at where it has been merged.
    expect(schemaProblems(textOf('compose.yml'))).toEqual([]);
    expect(schemaProblems(JSON.stringify(COMPOSE))).toEqual([]);
    const misspelt = textOf('compose.yml').replace('  read_only: true', '  readonly: true');
    expect(schemaProblems(JSON.stringify(yamlOf(misspelt)))).not.toEqual([]);
  });

  test.each(SERVICES)('%s runs on a read-only root, without capabilities, and comes back', (_, service) => {
    expect(service).toMatchObject({
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
      restart: 'unless-stopped',
    });
    expect(service.image).toMatch(/^[\w./-]+:(v?\d+\.\d+\.\d+|local)$/);
  });

  test.each(SERVICES)('%s mounts what is in the repository, read-only, and volumes that are declared', (_, service) => {
    for (const [from, , mode] of mountsOf(service)) {
      expect([from, existsSync(join(DEPLOY, from!))]).toEqual([from, true]);
      expect([from, mode]).toEqual([from, 'ro']);
    }
    const named = (service.volumes ?? [])
      .map((volume) => volume.split(':')[0]!)
      .filter((name) => !name.startsWith('.'));
    for (const name of named) expect(COMPOSE.volumes).toHaveProperty(name);
    for (const name of service.secrets ?? []) expect(COMPOSE.secrets).toHaveProperty(name);
  });

  test('publishes nothing but mail to other hosts', () => {
    const open = SERVICES.flatMap(([, { ports = [] }]) => ports).filter((port) => !port.startsWith('127.0.0.1:'));
    expect(open).toEqual(['25:2525']);
  });

  test('keeps its secrets out of the image', () => {
    const folders = new Set(Object.values(COMPOSE.secrets).map(({ file }) => join(DEPLOY, file, '..')));
    const ignored = readFileSync('.dockerignore', 'utf8').split('\n');
    for (const folder of folders) expect(ignored).toContain(folder);
    expect(resolve(DEPLOY, AGENT!.build!)).toBe(resolve('.'));
  });
});

describe('the agent in compose', () => {
  test('has a configuration that `config check` accepts, with the secrets it is given and no others', async () => {
    const given = Object.keys(AGENT!.environment ?? {});
    const secrets = AGENT!.secrets ?? [];
    const result = await checkAsGiven(CONFIGURATION, { secretsFolder: '/run/secrets', secrets, environment: given });
    expect(result).toMatchObject({ ok: true, warnings: [expect.stringContaining('has no token.key yet')] });
    const asked = secretsAskedFor(yamlOf(CONFIGURATION));
    expect(new Set(secrets)).toEqual(asked.files);
    expect(given.filter((name) => !asked.env.has(name) && !PROGRAM_VARIABLES.has(name))).toEqual([]);
    for (const name of secrets) expect(basename(COMPOSE.secrets[name]!.file)).toBe(name);
  });

  test('keeps its ledger on a volume, and is reached where the configuration listens', () => {
    const { data_folder, http, sink } = yamlOf<{
      data_folder: string;
      http: { listen: string };
      sink: { listen: string };
    }>(CONFIGURATION);
    expect(AGENT!.volumes).toContain(`agent-data:${data_folder}`);
    expect(AGENT!.volumes).toContain('./mailflow-probe.yml:/etc/mailflow-probe/mailflow-probe.yml:ro');
    expect(AGENT!.volumes).toContain('agent-tmp:/tmp');
    expect(DEMO!.tmpfs).toEqual(['/tmp']);
    const inside = AGENT!.ports!.map((port) => `0.0.0.0:${port.split(':').at(-1)}`);
    expect(inside).toEqual([sink.listen, http.listen]);
  });

  test('is one of two profiles, and the demo answers to its name and port', () => {
    expect([AGENT!.profiles, DEMO!.profiles]).toEqual([['agent'], ['demo']]);
    expect(DEMO!.networks!['default']!.aliases).toEqual(['mailflow-probe']);
    expect(DEMO!.ports).toEqual(AGENT!.ports!.filter((port) => port.endsWith(':9825')));
  });

  test('is in the demo what the command line knows', async () => {
    const loopback = DEMO!.command!.map((word) => (word === '0.0.0.0' ? '127.0.0.1' : word));
    expect(loopback).not.toEqual(DEMO!.command);
    const { process: child, ended, until } = await launch([...loopback, '--port', '0']);
    await until(/Page and metrics: http:\/\/127\.0\.0\.1:/);
    child.kill('SIGTERM');
    expect(await ended).toMatchObject({ code: 0, stderr: '' });
  });
});

describe('Prometheus in compose', () => {
  const targetsOf = (of: readonly StaticTargets[]) =>
    of.flatMap(({ static_configs }) => static_configs.flatMap(({ targets }) => targets));

  test('asks containers that there are', () => {
    const { alerting, scrape_configs } = PROMETHEUS_FILE;
    const targets = [...targetsOf(alerting.alertmanagers), ...targetsOf(scrape_configs)];
    expect(targets.filter((target) => !REACHABLE.includes(target))).toEqual([]);
  });

  test('has the rules, the intervals and the job of the configuration for one host', () => {
    const beside = yamlOf<PrometheusFile & { global: unknown }>(
      readFileSync('config/prometheus/prometheus.yml', 'utf8'),
    );
    expect(PROMETHEUS_FILE.rule_files.map((file) => basename(file))).toEqual(
      beside.rule_files.map((file) => basename(file)),
    );
    expect(PROMETHEUS_FILE).toMatchObject({ global: beside.global });
    expect(PROMETHEUS_FILE.alerting).toEqual(beside.alerting);
    expect(PROMETHEUS_FILE.scrape_configs).toEqual(beside.scrape_configs.slice(0, 1));
    const rules = PROMETHEUS!.volumes!.find((volume) => volume.startsWith('../prometheus:'))!.split(':')[1];
    for (const file of PROMETHEUS_FILE.rule_files) expect(file.startsWith(`${rules}/`)).toBe(true);
  });
});

describe('Grafana in compose', () => {
  /** Every file of one of its provisioning folders. */
  const provisioned = <T>(kind: string): readonly T[] => {
    const folder = join('config/grafana/provisioning', kind);
    return readdirSync(folder).map((name) => yamlOf<T>(readFileSync(join(folder, name), 'utf8')));
  };

  test('finds its dashboards where its provisioning looks for them', () => {
    const files = provisioned<{ providers: { options: { path: string } }[] }>('dashboards');
    const paths = files.flatMap(({ providers }) => providers.map(({ options }) => options.path));
    const mounted = mountsOf(GRAFANA!).map(([, to]) => to);
    expect(paths).toHaveLength(1);
    expect(mounted).toContain(paths[0]);
  });

  test('asks a Prometheus that there is', () => {
    const files = provisioned<{ datasources: { url: string }[] }>('datasources');
    const urls = files.flatMap(({ datasources }) => datasources.map(({ url }) => url));
    expect(urls.map((url) => /^http:\/\/([^/]+)\/?$/.exec(url)?.[1])).toEqual(['prometheus:9090']);
    expect(REACHABLE).toContain('prometheus:9090');
  });
});

test('what is sent or held back by Alertmanager are alerts that there are, by labels that they have', () => {
  const { groups } = yamlOf<{ groups: { rules: { alert: string; labels: { severity: string } }[] }[] }>(
    readFileSync('config/prometheus/mailflow-alerts.yml', 'utf8'),
  );
  const alerts = groups.flatMap(({ rules }) => rules);
  const { route, inhibit_rules } = yamlOf<{
    route: { routes: { matchers: string[] }[] };
    inhibit_rules: { source_matchers: string[]; target_matchers: string[] }[];
  }>(textOf('alertmanager.yml'));
  const matchers = [
    ...route.routes.flatMap((child) => child.matchers),
    ...inhibit_rules.flatMap(({ source_matchers, target_matchers }) => [...source_matchers, ...target_matchers]),
  ];
  expect(matchers.length).toBeGreaterThan(10);
  for (const matcher of matchers) {
    const [, label, pattern] = /^(alertname|severity)=~?"(.+)"$/.exec(matcher)!;
    const values = alerts.map(({ alert, labels }) => (label === 'alertname' ? alert : labels.severity));
    expect([matcher, values.some((value) => new RegExp(`^(?:${pattern})$`).test(value))]).toEqual([matcher, true]);
  }
});

describeWith(PROMTOOL, 'Prometheus in compose', () => {
  test('has a configuration that promtool accepts, its rules with it', () => {
    const folder = mkdtempSync(join(tmpdir(), 'mfp-compose-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const file = join(folder, 'prometheus.yml');
    writeFileSync(file, textOf('prometheus.yml').replaceAll('/etc/prometheus/rules', resolve('config/prometheus')));
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'config', file], { encoding: 'utf8' });
    expect({ status, said: stdout + stderr }).toMatchObject({ status: 0 });
  });
});

describeWith(ALERTMANAGER, 'alertmanager.yml', () => {
  const amtool = (...args: string[]) => spawnSync('amtool', args, { encoding: 'utf8' });
  const route = (...labels: string[]) =>
    amtool('config', 'routes', 'test', `--config.file=${DEPLOY}/alertmanager.yml`, ...labels).stdout.trim();

  test('is accepted by amtool', () => {
    const { status, stdout, stderr } = amtool('check-config', `${DEPLOY}/alertmanager.yml`);
    expect({ status, said: stdout + stderr }).toMatchObject({ status: 0 });
  });

  test('wakes somebody for what is critical, and tells people of the rest', () => {
    expect(route('alertname=MailflowEndpointDown', 'severity=critical')).toBe('on-call');
    expect(route('alertname=MailflowCoverageLow', 'severity=warning')).toBe('people');
  });
});
