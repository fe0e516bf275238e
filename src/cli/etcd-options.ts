// `--etcd-servers` and its kin, named as kube-apiserver names them: the options, and what they mean.
import { readFileSync } from 'node:fs';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { EtcdAddress } from '../cluster/index.ts';
import { Refusal } from './failure.ts';

export interface EtcdOptions {
  readonly etcdServers?: readonly string[];
  readonly etcdPrefix?: string;
  readonly etcdCafile?: string;
  readonly etcdCertfile?: string;
  readonly etcdKeyfile?: string;
}

export function addEtcdOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--etcd-servers <urls>', 'keep the state in this etcd: http://127.0.0.1:2379,…')
        .argParser(serverList)
        .conflicts('memory'),
    )
    .option('--etcd-prefix <path>', 'begin all keys in etcd with it (default: /everynode/)')
    .option('--etcd-cafile <file>', "certificate authority of etcd's certificates (PEM)")
    .option('--etcd-certfile <file>', 'certificate to show to etcd (PEM)')
    .option('--etcd-keyfile <file>', 'its key (PEM)');
}

function serverList(text: string): readonly string[] {
  return text.split(',').map((part) => {
    const url = URL.parse(part);
    if (url?.protocol !== 'http:' && url?.protocol !== 'https:')
      throw new InvalidArgumentError("It must be a list of URLs such as 'http://127.0.0.1:2379', separated by commas.");
    return url.origin;
  });
}

/** Undefined when the state is not in etcd. Refuses what does not fit together, and files that cannot be read. */
export function etcdAddress(options: EtcdOptions): EtcdAddress | undefined {
  const { etcdServers, etcdPrefix, etcdCafile, etcdCertfile, etcdKeyfile } = options;
  const rest = Object.entries({ etcdPrefix, etcdCafile, etcdCertfile, etcdKeyfile });
  if (etcdServers === undefined) {
    const given = rest.find(([, value]) => value !== undefined)?.[0];
    if (given !== undefined)
      throw new Refusal(`--${given.replace('etcd', 'etcd-').toLowerCase()} needs --etcd-servers`);
    return undefined;
  }
  if ((etcdCertfile === undefined) !== (etcdKeyfile === undefined))
    throw new Refusal('--etcd-certfile and --etcd-keyfile belong together');
  const authority = pem('--etcd-cafile', etcdCafile);
  const certificate = pem('--etcd-certfile', etcdCertfile);
  const key = pem('--etcd-keyfile', etcdKeyfile);
  const tls = {
    ...(authority === undefined ? {} : { authority }),
    ...(certificate === undefined ? {} : { certificate }),
    ...(key === undefined ? {} : { key }),
  };
  return { endpoints: etcdServers, tls, ...(etcdPrefix === undefined ? {} : { prefix: etcdPrefix }) };
}

function pem(option: string, path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new Refusal(`${option}: ${(error as Error).message}`, { cause: error });
  }
}
