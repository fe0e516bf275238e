// Why a connection did not come about, in the words of a kubelet, which are Go's.

const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connect: connection refused',
  EHOSTUNREACH: 'connect: no route to host',
  ENETUNREACH: 'connect: network is unreachable',
  ETIMEDOUT: 'connect: connection timed out',
  ECONNRESET: 'read: connection reset by peer',
};

/** `dial tcp 10.0.0.1:80: connect: connection refused`; as it is where there are no such words. */
export function networkFault(error: NodeJS.ErrnoException, host: string, port: number): string {
  const known = words[error.code ?? ''];
  return known === undefined ? error.message : `dial tcp ${host}:${port}: ${known}`;
}
