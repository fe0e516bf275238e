// The door to observe/: logs, metrics and health. One wrapper per library.
export {
  type Answer,
  type BindAddress,
  type Checks,
  type Endpoints,
  type EndpointServer,
  healthEndpoints,
  metricsEndpoint,
  parseBindAddress,
  serveEndpoints,
} from './http-endpoints.ts';
export { createLogger, type LoggerOptions } from './log.ts';
export { type LogFields, type Logger, type LogLevel, silentLogger } from './logger.ts';
export { createMetrics, type Labels, type Metrics, type Sample } from './metrics.ts';
