// What may be chosen about an installation. Everything else about it is decided in the files beside this one.

export interface InstallOptions {
  readonly namespace: string;
  /** Absent: the namespace is there already. */
  readonly createNamespace: boolean;
  readonly image: string;
  /** Of the package; shown as a label. */
  readonly version: string;
  readonly replicas: number;
  readonly logLevel: string;
  readonly cpuRequest: string;
  readonly memoryRequest: string;
  readonly memoryLimit: string;
  /** For clusters with the Prometheus operator. */
  readonly serviceMonitor: boolean;
}

/** What `npm run image` calls its image: the project publishes none, so it has to be brought to the cluster. */
export function defaultImage(version: string): string {
  return `localhost/everynode:${version}`;
}

export function defaultInstallOptions(version: string): InstallOptions {
  return {
    namespace: 'everynode-system',
    createNamespace: true,
    image: defaultImage(version),
    version,
    replicas: 2,
    logLevel: 'info',
    cpuRequest: '100m',
    memoryRequest: '128Mi',
    memoryLimit: '1Gi',
    serviceMonitor: false,
  };
}
