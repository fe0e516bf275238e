// The commands that people type every day, one after the other against one cluster, with what they must print. What
// is about what runs in a pod (logs, exec) is in logs.test.ts and, with real containers, in test/containerd/.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { up } from './support/everynode.ts';
import { type Kubectl, needsKubectl } from './support/kubectl.ts';

interface Command {
  /** As typed, without `kubectl`; words with blanks in single quotes. */
  readonly command: string;
  readonly input?: string;
  readonly prints: RegExp;
  /** The first minor version of kubectl that does it against a Kubernetes of today. */
  readonly since?: number;
  /** The exit code, 0 unless said otherwise; `prints` is looked for on both outputs. */
  readonly code?: number;
}

const definition = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: crontabs.stable.example.com}
spec:
  group: stable.example.com
  scope: Namespaced
  names: {plural: crontabs, kind: CronTab, shortNames: [ct], categories: [all]}
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            description: What is wanted.
            required: [cronSpec]
            properties:
              cronSpec: {type: string, description: When it runs.}
              image: {type: string, default: busybox}
              replicas: {type: integer, minimum: 1}
          status: {type: object, properties: {replicas: {type: integer}}}
    subresources:
      status: {}
      scale: {specReplicasPath: .spec.replicas, statusReplicasPath: .status.replicas}
    additionalPrinterColumns:
    - {name: Spec, type: string, jsonPath: .spec.cronSpec}
    - {name: Age, type: date, jsonPath: .metadata.creationTimestamp}
`;
const cronTab = (spec: string) => `
apiVersion: stable.example.com/v1
kind: CronTab
metadata: {name: nightly}
spec: ${spec}
`;
const configMap = (value: string) => `
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {mode: ${value}}
`;
const daemonSet = (container: string) => `
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent}
spec:
  selector: {matchLabels: {app: agent}}
  template:
    metadata: {labels: {app: agent}}
    spec: {containers: [{name: ${container}, image: "busybox:1"}]}
`;
const ingress = `
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web}
spec:
  rules:
  - host: web.example.com
    http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}
`;

const commands: readonly Command[] = [
  { command: 'version', prints: /Server Version: .*1\.34/ },
  { command: 'cluster-info', prints: /control plane.* is running at/ },
  { command: 'get nodes', prints: /node-1\s+Ready\s+<none>\s+\d+s/ },
  { command: 'describe node node-1', prints: /Capacity:[\s\S]*Allocatable:[\s\S]*Non-terminated Pods:/ },
  { command: 'api-resources --api-group=apps', prints: /statefulsets\s+sts\s+apps\/v1\s+true\s+StatefulSet/ },
  { command: 'api-versions', prints: /autoscaling\/v1\nautoscaling\/v2\nbatch\/v1/ },
  { command: 'explain daemonset.spec.updateStrategy', prints: /rollingUpdate/ },
  { command: 'auth can-i create pods', prints: /^yes/ },
  { command: 'create namespace shop', prints: /namespace\/shop created/ },
  { command: 'create namespace shop', prints: /\(AlreadyExists\).* namespaces "shop" already exists/, code: 1 },
  { command: 'config set-context --current --namespace=shop', prints: /modified/ },
  { command: 'create deployment web --image=nginx:1 --replicas=2 --port=80', prints: /deployment.apps\/web created/ },
  { command: 'get deployment web -o wide', prints: /web\s+0\/2\s+0\s+0\s+\d+s\s+nginx\s+nginx:1\s+app=web/ },
  { command: 'scale deployment web --replicas=3', prints: /deployment.apps\/web scaled/ },
  { command: "get deployment web -o jsonpath='{.spec.replicas} {.metadata.generation}'", prints: /^3 2$/ },
  {
    command: 'scale deployment web --replicas=1 --current-replicas=2',
    prints: /Expected replicas to be 2, was 3/i,
    code: 1,
  },
  {
    command: 'autoscale deployment web --min=1 --max=5 --cpu-percent=80',
    prints: /horizontalpodautoscaler.autoscaling\/web autoscaled/,
  },
  { command: 'get hpa', prints: /web\s+Deployment\/web\s+(cpu: )?<unknown>\/80%\s+1\s+5\s+0/ },
  { command: 'expose deployment web --port=80 --target-port=8080', prints: /service\/web exposed/ },
  { command: 'get service web', prints: /web\s+ClusterIP\s+\S+\s+<none>\s+80\/TCP/ },
  { command: 'set image deployment/web nginx=nginx:2', prints: /deployment.apps\/web image updated/ },
  { command: 'rollout history deployment/web', prints: /deployment.apps\/web/ },
  { command: 'rollout restart deployment/web', prints: /deployment.apps\/web restarted/ },
  { command: 'rollout pause deployment/web', prints: /deployment.apps\/web paused/ },
  { command: 'create -f -', input: ingress, prints: /ingress.networking.k8s.io\/web created/ },
  { command: 'get ingress', prints: /web\s+<none>\s+web.example.com\s+80/ },
  { command: 'create job once --image=busybox -- true', prints: /job.batch\/once created/ },
  { command: 'get jobs', prints: /once\s+Running\s+0\/1/ },
  {
    command: "create cronjob nightly --image=busybox --schedule='0 1 * * *'",
    since: 21,
    prints: /cronjob.batch\/nightly created/,
  },
  { command: 'get cronjobs', since: 21, prints: /nightly\s+0 1 \* \* \*\s+<none>\s+False\s+0\s+<none>/ },
  { command: 'create job now --from=cronjob/nightly', since: 21, prints: /job.batch\/now created/ },
  { command: 'create quota few --hard=pods=9', prints: /resourcequota\/few created/ },
  { command: 'create serviceaccount robot', prints: /serviceaccount\/robot created/ },
  {
    command: 'create role reader --verb=get,list --resource=pods',
    prints: /role.rbac.authorization.k8s.io\/reader created/,
  },
  {
    command: 'create rolebinding readers --role=reader --serviceaccount=shop:robot',
    prints: /rolebinding.rbac.authorization.k8s.io\/readers created/,
  },
  { command: 'auth can-i list pods --as=system:serviceaccount:shop:robot', prints: /^yes/ },
  { command: 'auth can-i delete pods --as=system:serviceaccount:shop:robot', prints: /^no/, code: 1 },
  { command: 'create configmap files --from-literal=a=b', prints: /configmap\/files created/ },
  { command: 'create secret generic keys --from-literal=a=b', prints: /secret\/keys created/ },
  {
    command: 'create poddisruptionbudget careful --selector=app=web --min-available=1',
    since: 22,
    prints: /poddisruptionbudget.policy\/careful created/,
  },
  { command: 'apply -f -', input: configMap('fast'), prints: /configmap\/settings created/ },
  { command: 'diff -f -', input: configMap('slow'), prints: /-  mode: fast\n\+  mode: slow/, code: 1 },
  { command: 'apply -f -', input: configMap('slow'), prints: /configmap\/settings configured/ },
  { command: 'apply -f -', input: configMap('slow'), prints: /configmap\/settings unchanged/ },
  {
    command: 'apply --server-side --field-manager=other -f -',
    input: configMap('idle'),
    prints: /conflict with "kubectl-client-side-apply" using v1: \.data\.mode/,
    code: 1,
  },
  {
    command: 'apply --server-side --force-conflicts -f -',
    input: configMap('idle'),
    prints: /configmap\/settings serverside-applied/,
  },
  { command: 'apply -f -', input: daemonSet('main'), prints: /daemonset.apps\/agent created/ },
  {
    command: 'get daemonset agent -o jsonpath={.metadata.managedFields[*].manager}',
    prints: /\bkubectl-client-side-apply\b/,
    since: 21,
  },
  {
    command: 'apply --server-side -f -',
    input: daemonSet('renamed'),
    prints: /daemonset.apps\/agent serverside-applied/,
  },
  // kubectl makes what it had applied before its own, and drops what is no longer in the manifest.
  {
    command: 'get daemonset agent -o jsonpath={.spec.template.spec.containers[*].name}',
    prints: /^renamed$/,
    since: 26,
  },
  {
    command: 'diff --server-side -f -',
    input: daemonSet('renamed').replace('busybox:1', 'busybox:2'),
    prints: /-\s+- image: busybox:1\n\+\s+- image: busybox:2/,
    code: 1,
  },
  {
    command: 'apply --validate=true -f -',
    input: daemonSet('main').replace('image:', 'imag:'),
    prints: /unknown field ".*imag"/,
    code: 1,
  },
  {
    command: 'explain daemonset.spec.template.spec.containers.resources.limits',
    prints: /FIELD:\s+limits <map\[string\](string|Quantity)>/,
  },
  { command: 'delete daemonset agent', prints: /"agent" deleted/ },
  { command: 'replace -f -', input: configMap('new'), prints: /configmap\/settings replaced/ },
  { command: 'edit configmap settings', prints: /configmap\/settings edited/ },
  { command: "get configmap settings -o 'jsonpath={.data.mode}'", prints: /^edited$/ },
  { command: 'label configmap settings tier=back', prints: /configmap\/settings (not )?labeled/ },
  { command: 'label configmap settings tier=front', prints: /overwrite is false|already has a value/, code: 1 },
  { command: 'annotate configmap settings note=x', prints: /configmap\/settings annotated?/ },
  { command: 'get configmaps -l tier=back -o name', prints: /^configmap\/settings$/m },
  {
    command: 'patch configmap settings --type=json -p \'[{"op":"remove","path":"/data/mode"}]\'',
    prints: /configmap\/settings patched/,
  },
  { command: 'run single --image=nginx --env=A=b --labels=app=single --restart=Never', prints: /pod\/single created/ },
  { command: 'wait --for=condition=Ready pod/single --timeout=30s', prints: /pod\/single condition met/ },
  { command: 'get pods -o wide', prints: /single\s+1\/1\s+Running\s+0\s+\S+\s+\S+\s+node-\d/ },
  {
    command: 'debug single --image=busybox --container=look --attach=false',
    prints: /^(?!.*rror)/,
    since: 24,
  },
  { command: 'get pod single -o jsonpath={.spec.ephemeralContainers[0].name}', prints: /^look$/, since: 24 },
  {
    command: `patch pod single --subresource=resize -p '{"spec":{"containers":[{"name":"single","resources":{"requests":{"cpu":"1"}}}]}}'`,
    prints: /Pod QOS Class may not change as a result of resizing/,
    code: 1,
    since: 32,
  },
  { command: 'describe pod single', prints: /Events:[\s\S]*Scheduled/ },
  {
    command: 'patch pod single -p \'{"spec":{"hostname":"other"}}\'',
    prints: /pod updates may not change fields other than/,
    code: 1,
  },
  { command: 'get events --field-selector involvedObject.name=single', prints: /Scheduled/ },
  { command: 'taint node node-1 only=me:NoSchedule', prints: /node\/node-1 tainted/ },
  { command: 'taint node node-1 only-', prints: /node\/node-1 untainted/ },
  { command: 'cordon node-1', prints: /node\/node-1 cordoned/ },
  { command: 'uncordon node-1', prints: /node\/node-1 uncordoned/ },
  {
    command: 'drain --force --ignore-daemonsets --timeout=60s node-1 node-2 node-3',
    prints: /node\/node-3 (drained|evicted)/,
  },
  { command: 'get pod single', prints: /pods "single" not found/, code: 1 },
  {
    command: 'apply -f -',
    input: definition,
    prints: /customresourcedefinition.apiextensions.k8s.io\/crontabs.stable.example.com created/,
  },
  {
    command: 'wait --for=condition=Established crd/crontabs.stable.example.com --timeout=10s',
    prints: /condition met/,
  },
  {
    command: 'apply -f -',
    input: cronTab('{cronSpec: "* * * * *", replicas: 2}'),
    prints: /crontab.stable.example.com\/nightly created/,
  },
  {
    command: 'apply -f -',
    input: cronTab('{replicas: 0, cronSpec: x}'),
    prints: /spec.replicas in body should be greater than or equal to 1/,
    code: 1,
  },
  { command: 'get all', prints: /crontab.stable.example.com\/nightly\s+\* \* \* \* \*\s+\d+s/ },
  { command: 'scale ct nightly --replicas=4', prints: /crontab.stable.example.com\/nightly scaled/ },
  { command: 'explain crontab.spec', prints: /What is wanted[\s\S]*When it runs/ },
  { command: 'delete crd crontabs.stable.example.com', prints: /"crontabs.stable.example.com" deleted/ },
  { command: 'get ct', prints: /could not find the requested resource|doesn't have a resource type "ct"/, code: 1 },
  { command: 'delete deployment,service,job --all', prints: /deployment.apps "web" deleted/ },
  { command: 'delete namespace shop', prints: /namespace "shop" deleted/ },
  { command: 'get widgets', prints: /the server doesn't have a resource type "widgets"/, code: 1 },
];

/** Words at blanks, but for what stands in single quotes. */
function wordsOf(command: string): readonly string[] {
  return [...command.matchAll(/(?:[^\s']|'[^']*')+/g)].map(([word]) => word.replaceAll("'", ''));
}

async function minorOf(kubectl: Kubectl): Promise<number> {
  const text = await kubectl.run(['version', '--client', '-o', 'json']);
  return Number.parseInt((JSON.parse(text) as { clientVersion: { minor: string } }).clientVersion.minor, 10);
}

async function check(kubectl: Kubectl, { command, input, prints, code = 0 }: Command): Promise<void> {
  const outcome = await kubectl.attempt(wordsOf(command), input);
  const text = outcome.stdout + outcome.stderr;
  assert.equal(outcome.code, code, text);
  assert.match(text, prints);
}

test('the everyday commands of kubectl', needsKubectl, async (t) => {
  process.env['KUBE_EDITOR'] = "sed -i -e 's/mode: new/mode: edited/'";
  t.after(() => delete process.env['KUBE_EDITOR']);
  const { kubectl } = await up(t);
  const minor = await minorOf(kubectl);
  for (const command of commands) {
    const { since = 0 } = command;
    const options = minor < since ? { skip: `this is kubectl 1.${minor}, which asks for a version long gone` } : {};
    await t.test(`kubectl ${command.command}`, options, () => check(kubectl, command));
  }
});
