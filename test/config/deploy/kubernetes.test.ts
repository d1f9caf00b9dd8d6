/** The Kubernetes manifests hold to the API's own schema, and do what their comments promise. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import {
  type IPodMonitor,
  PodMonitor,
} from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PodMonitor';
import { Deployment, type IDeployment } from 'kubernetes-models/apps/v1/Deployment';
import { type IStatefulSet, StatefulSet } from 'kubernetes-models/apps/v1/StatefulSet';
import { type INetworkPolicy, NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy';
import { ConfigMap, type IConfigMap } from 'kubernetes-models/v1/ConfigMap';
import type { IContainer } from 'kubernetes-models/v1/Container';
import { PersistentVolumeClaim } from 'kubernetes-models/v1/PersistentVolumeClaim';
import type { IPodSpec } from 'kubernetes-models/v1/PodSpec';
import { type IService, Service } from 'kubernetes-models/v1/Service';
import { describe, expect, onTestFinished, test } from 'vitest';
import { checkAsGiven, documentsOf, PROGRAM_VARIABLES, secretsAskedFor, textOf, yamlOf } from './manifests.ts';

const OPERATOR = '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1';

/** By apiVersion and kind: the class that knows the values, and where the type is that knows every key. */
const KINDS = {
  'v1 ConfigMap': { model: ConfigMap, module: 'kubernetes-models/v1' },
  'v1 PersistentVolumeClaim': { model: PersistentVolumeClaim, module: 'kubernetes-models/v1' },
  'v1 Service': { model: Service, module: 'kubernetes-models/v1' },
  'apps/v1 Deployment': { model: Deployment, module: 'kubernetes-models/apps/v1' },
  'apps/v1 StatefulSet': { model: StatefulSet, module: 'kubernetes-models/apps/v1' },
  'networking.k8s.io/v1 NetworkPolicy': { model: NetworkPolicy, module: 'kubernetes-models/networking.k8s.io/v1' },
  'monitoring.coreos.com/v1 PodMonitor': { model: PodMonitor, module: OPERATOR },
} as const;

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
}

const FILES = ['kubernetes/agent.yml', 'kubernetes/sidecar.yml'];
const MANIFESTS = FILES.flatMap((file) =>
  documentsOf<Manifest>(file).map((manifest) => ({
    file,
    manifest,
    title: `${file}: ${manifest.kind} ${manifest.metadata.name}`,
  })),
);

function kindOf({ apiVersion, kind }: Manifest): (typeof KINDS)[keyof typeof KINDS] {
  const found = KINDS[`${apiVersion} ${kind}` as keyof typeof KINDS];
  if (found === undefined) throw new Error(`no schema for ${apiVersion} ${kind}`);
  return found;
}

/** Problems of manifests with the types of the Kubernetes API, a line each: unlike the schema, these refuse a key that does not exist. */
function typeProblems(manifests: readonly Manifest[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'mfp-manifests-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  const lines = manifests.map((manifest, index) => {
    const type = `import('${kindOf(manifest).module}').I${manifest.kind}`;
    return `export const manifest${index}: ${type} = ${JSON.stringify(manifest, null, 2)};`;
  });
  writeFileSync(join(folder, 'manifests.ts'), lines.join('\n'));
  const options = [
    '--noEmit',
    '--strict',
    '--skipLibCheck',
    '--module',
    'nodenext',
    '--target',
    'es2024',
    '--types',
    '',
  ];
  const tsc = spawnSync(resolve('node_modules/.bin/tsc'), [...options, 'manifests.ts'], {
    cwd: folder,
    encoding: 'utf8',
  });
  if (tsc.error !== undefined) throw tsc.error;
  return tsc.stdout + tsc.stderr;
}

describe('every manifest', () => {
  test.each(MANIFESTS)('$title holds to the schema of its kind', ({ manifest }) => {
    const { model: Model } = kindOf(manifest);
    expect(() => new (Model as new (data: unknown) => { validate(): void })(manifest).validate()).not.toThrow();
  });

  test('has no key that the API does not know', () => {
    expect(typeProblems(MANIFESTS.map(({ manifest }) => manifest))).toBe('');
  });

  test('would be refused with a misspelt key, or a value that the API does not take', () => {
    const [deployment] = MANIFESTS.filter(({ manifest }) => manifest.kind === 'Deployment');
    const misspelt = structuredClone(deployment!.manifest) as unknown as IDeployment;
    Object.assign(misspelt.spec!.template.spec!.containers[0]!, { livenesProbe: {} });
    expect(typeProblems([misspelt as unknown as Manifest])).toMatch(/livenesProbe.* does not exist/);
    const mistaken = structuredClone(deployment!.manifest) as unknown as IDeployment;
    Object.assign(mistaken.spec!, { replicas: 'one' });
    expect(() => new Deployment(mistaken).validate()).toThrow(/replicas/);
  });
});

interface Workload {
  readonly file: string;
  readonly pod: IPodSpec;
  readonly labels: Readonly<Record<string, string>>;
  readonly agent: IContainer;
  readonly services: readonly IService[];
  /** The text of mailflow-probe.yml. */
  readonly configuration: string;
  /** Paths of the secrets' files, from the configuration's folder. */
  readonly secrets: readonly string[];
}

function workloadOf(file: string): Workload {
  const all = documentsOf<Manifest>(file);
  const ofKind = <T>(...kinds: string[]) => all.filter(({ kind }) => kinds.includes(kind)) as unknown as T[];
  const [workload] = ofKind<IDeployment | IStatefulSet>('Deployment', 'StatefulSet');
  const { metadata, spec: pod } = workload!.spec!.template;
  const agent = pod!.containers.find(({ name }) => name === 'mailflow-probe')!;
  const sources = pod!.volumes!.find(({ name }) => name === 'config')!.projected!.sources!;
  const [configMap] = ofKind<IConfigMap>('ConfigMap').filter(
    ({ metadata: its }) => its!.name === sources.find((source) => source.configMap)!.configMap!.name,
  );
  return {
    file,
    pod: pod!,
    labels: metadata!.labels!,
    agent,
    services: ofKind<IService>('Service'),
    configuration: configMap!.data!['mailflow-probe.yml']!,
    secrets: sources.flatMap(({ secret }) => secret?.items?.map(({ path }) => path) ?? []),
  };
}

describe.each(FILES.map(workloadOf))('$file', ({ pod, labels, agent, services, configuration, secrets }) => {
  test('gives a configuration that `config check` accepts, with the secrets it mounts and no others', async () => {
    const environment = (agent.env ?? []).map(({ name }) => name);
    const result = await checkAsGiven(configuration, { secretsFolder: null, secrets, environment });
    expect(result).toMatchObject({ ok: true, warnings: [expect.stringContaining('has no token.key yet')] });
    const asked = secretsAskedFor(yamlOf(configuration));
    expect(new Set(secrets.map((path) => basename(path)))).toEqual(asked.files);
    expect(environment.filter((name) => !asked.env.has(name) && !PROGRAM_VARIABLES.has(name))).toEqual([]);
  });

  test('has the ledger on a volume of its own, the configuration where the image looks for it, and room for temporary files', async () => {
    const { settings } = (await checkAsGiven(configuration, {
      secretsFolder: null,
      secrets,
      environment: [],
    })) as Extract<Awaited<ReturnType<typeof checkAsGiven>>, { ok: true }>;
    const mounts = new Map(agent.volumeMounts!.map(({ mountPath, name }) => [mountPath, name]));
    expect(mounts.get(settings.dataFolder)).toBe('data');
    expect(mounts.get('/etc/mailflow-probe')).toBe('config');
    expect(mounts.get('/tmp')).toBe('tmp');
  });

  test('serves the ports that the configuration listens on, and mail on 25, whether the pod is ready or not', () => {
    const { http, sink } = yamlOf<{ http: { listen: string }; sink: { listen: string } }>(configuration);
    expect(agent.ports!.map(({ containerPort }) => `0.0.0.0:${containerPort}`)).toEqual([http.listen, sink.listen]);
    const mail = services.find(({ spec }) => spec!.ports!.some(({ port }) => port === 25))!;
    expect(mail.spec).toMatchObject({
      externalTrafficPolicy: 'Local',
      publishNotReadyAddresses: true,
      ports: [{ targetPort: 'smtp' }],
    });
  });

  test('selects its own pods, by ports that they have', () => {
    const ports = new Set(pod.containers.flatMap(({ ports: its = [] }) => its.map(({ name }) => name)));
    for (const { spec } of services) {
      expect(labels).toMatchObject(spec!.selector!);
      for (const { targetPort } of spec!.ports!) expect(ports).toContain(targetPort);
    }
  });

  test('asks /healthz whether the agent lives, with ten minutes for its start', () => {
    expect(agent.livenessProbe!.httpGet).toEqual({ path: '/healthz', port: agent.ports![0]!.name });
    const { periodSeconds, failureThreshold } = agent.startupProbe!;
    expect(periodSeconds! * failureThreshold!).toBeGreaterThanOrEqual(600);
  });

  // https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
  test('fits the pod security level `restricted`, on a read-only root, with no token of the cluster', () => {
    expect(pod).toMatchObject({
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    });
    for (const container of pod.containers) {
      const user = container.securityContext!.runAsUser ?? pod.securityContext!.runAsUser;
      expect(user).toBeGreaterThan(0);
      expect(container.securityContext).toMatchObject({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      expect(container.ports!.filter(({ hostPort }) => hostPort !== undefined)).toEqual([]);
    }
  });

  test('limits no processor time of the agent, which would then measure itself', () => {
    expect(Object.keys(agent.resources!.limits!)).toEqual(['memory']);
  });
});

test('the agent by itself is found by the monitoring, and let through to', () => {
  const all = documentsOf<Manifest>('kubernetes/agent.yml');
  const { labels, agent } = workloadOf('kubernetes/agent.yml');
  const [monitor] = all.filter(({ kind }) => kind === 'PodMonitor') as unknown as IPodMonitor[];
  const [policy] = all.filter(({ kind }) => kind === 'NetworkPolicy') as unknown as INetworkPolicy[];
  expect(labels).toMatchObject(monitor!.spec.selector.matchLabels!);
  expect(labels).toMatchObject(policy!.spec!.podSelector!.matchLabels!);
  const ports = agent.ports!.map(({ name }) => name);
  expect(ports).toContain(monitor!.spec.podMetricsEndpoints![0]!.port);
  expect(new Set(policy!.spec!.ingress!.flatMap((rule) => rule.ports!.map(({ port }) => port)))).toEqual(
    new Set(ports),
  );
  // The rules ask for the job by this name; the operator's own would be another.
  const job = monitor!.spec.podMetricsEndpoints![0]!.relabelings!.find(({ targetLabel }) => targetLabel === 'job');
  const [scraped] = yamlOf<{ scrape_configs: { job_name: string }[] }>(textOf('prometheus.yml')).scrape_configs;
  expect(job!.replacement).toBe(scraped!.job_name);
});

test('beside Prometheus the agent, which asks for no token, is closed to other pods', () => {
  const { configuration, labels, agent } = workloadOf('kubernetes/sidecar.yml');
  expect(yamlOf<{ http: { token?: unknown } }>(configuration).http.token).toBeUndefined();
  const [policy] = documentsOf<INetworkPolicy & Manifest>('kubernetes/sidecar.yml').filter(
    ({ kind }) => kind === 'NetworkPolicy',
  );
  expect(labels).toMatchObject(policy!.spec!.podSelector!.matchLabels!);
  const open = policy!.spec!.ingress!.flatMap((rule) => rule.ports!.map(({ port }) => port));
  expect(open).toEqual(['smtp', 'http']);
  expect(agent.ports!.filter(({ name }) => open.includes(name)).map(({ name }) => name)).toEqual(['smtp']);
});

test('the agent by itself is never two, and tells of readiness; beside Prometheus it does not keep that from being ready', () => {
  const [deployment] = documentsOf<IDeployment & Manifest>('kubernetes/agent.yml').filter(
    ({ kind }) => kind === 'Deployment',
  );
  expect(deployment!.spec).toMatchObject({ replicas: 1, strategy: { type: 'Recreate' } });
  expect(workloadOf('kubernetes/agent.yml').agent.readinessProbe!.httpGet!.path).toBe('/readyz');
  expect(workloadOf('kubernetes/sidecar.yml').agent.readinessProbe).toBeUndefined();
});
