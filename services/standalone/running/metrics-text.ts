/** The value of a metric for one set of labels. */
interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Samples by the metric's name. */
type Samples = ReadonlyMap<string, readonly Sample[]>;

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;

/** Reads Prometheus's text format, as our own operations port writes it. */
export function parseMetrics(text: string): Samples {
  const samples = new Map<string, Sample[]>();
  for (const line of text.split('\n')) {
    const [, name, labels = '', value] = LINE.exec(line) ?? [];
    if (name !== undefined) {
      const entries = [...labels.matchAll(LABEL)].map(([, key, content]) => [key, content]);
      const sample = { labels: Object.fromEntries(entries), value: numberOf(value) };
      samples.set(name, [...(samples.get(name) ?? []), sample]);
    }
  }
  return samples;
}

/**
 * The sum over all labels, or over those with the given ones.
 *
 * @returns null if there is no such sample
 */
export function sumOf(
  samples: Samples,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | null {
  const chosen = (samples.get(name) ?? []).filter((sample) =>
    Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
  );
  return chosen.length === 0 ? null : chosen.reduce((sum, { value }) => sum + value, 0);
}

function numberOf(text: string | undefined): number {
  return text === '+Inf' ? Number.POSITIVE_INFINITY : Number(text);
}
