// The one place that knows prom-client. Numbers that somebody counts up (counters, histograms) and numbers that are
// looked at only when somebody asks (gauges: read at each scrape, so they cost nothing in between).
// It takes a while to load, so it is loaded by the first who wants metrics.

export type Labels = Readonly<Record<string, string>>;

export interface Metrics {
  /** Adds `by` (1) to the series of these labels. */
  counter(name: string, help: string, labelNames?: readonly string[]): (labels: Labels, by?: number) => void;
  /** Counts a value of so many seconds. */
  histogram(name: string, help: string, labelNames?: readonly string[]): (labels: Labels, seconds: number) => void;
  /** `read` gives every series there is now; what it leaves out is no longer there (without labels: 0). */
  gauge(name: string, help: string, labelNames: readonly string[], read: () => Iterable<Sample>): void;
  /** Everything in Prometheus' text format. */
  text(): Promise<string>;
  readonly contentType: string;
}

export interface Sample {
  readonly labels?: Labels;
  readonly value: number;
}

/** From a millisecond to the deadline of a request. */
const secondsBuckets = [0.001, 0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** @param process also the process's own numbers: CPU, memory, event loop */
export async function createMetrics({ process = true }: { readonly process?: boolean } = {}): Promise<Metrics> {
  const { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } = await import('prom-client');
  const registry = new Registry();
  const registers = [registry];
  if (process) collectDefaultMetrics({ register: registry });
  return {
    counter(name, help, labelNames = []) {
      const counter = new Counter({ name, help, labelNames, registers });
      return (labels, by = 1) => counter.inc(labels, by);
    },
    histogram(name, help, labelNames = []) {
      const histogram = new Histogram({ name, help, labelNames, registers, buckets: secondsBuckets });
      return (labels, seconds) => histogram.observe(labels, seconds);
    },
    gauge(name, help, labelNames, read) {
      const gauge = new Gauge({
        name,
        help,
        labelNames,
        registers,
        collect() {
          gauge.reset();
          for (const { labels = {}, value } of read()) gauge.set(labels, value);
        },
      });
    },
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}
