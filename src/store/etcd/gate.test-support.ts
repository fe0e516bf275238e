// A gate on the way to a server: mute, requests pass and answers are lost; shut, connections break and new ones are
// refused. Only tests import this.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface Gate {
  readonly endpoint: string;
  mute(): void;
  shut(): void;
  open(): void;
  close(): Promise<void>;
}

export async function openGate(target: string): Promise<Gate> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let isOpen = true;
  let isMute = false;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket)).on('error', () => undefined);
    if (!isOpen) {
      socket.resetAndDestroy();
      return;
    }
    const onward = connect(Number(port), hostname).on('error', () => socket.destroy());
    socket.once('close', () => onward.destroy());
    onward.once('close', () => socket.destroy());
    socket.pipe(onward).on('data', (answer) => {
      if (!isMute) socket.write(answer);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const shut = () => {
    isOpen = false;
    for (const socket of sockets) socket.destroy();
  };
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    mute: () => void (isMute = true),
    shut,
    open() {
      isOpen = true;
      isMute = false;
    },
    async close() {
      shut();
      server.close();
      await once(server, 'close');
    },
  };
}
