// The door to kubelet-api/: logs and streams of a node's pods, as an API server asks for them.
export type { ContainerTarget, LogOptions, PodRuntime, PodTarget, ProcessOptions, StreamPlace } from './runtime.ts';
export { apiServerName, createKubeletApi, type KubeletApi, type KubeletTls } from './server.ts';
export { createSpdySession, type SpdySession } from './spdy.ts';
