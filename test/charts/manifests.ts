import { parseAllDocuments } from 'yaml';

/** Any value of YAML, to look into by path. */
export type Yaml = string | number | boolean | null | readonly Yaml[] | YamlMap;
export interface YamlMap {
  readonly [name: string]: Yaml;
}

/** A resource of Kubernetes as a chart renders it. */
export class Manifest {
  readonly content: YamlMap;

  constructor(content: YamlMap) {
    this.content = content;
  }

  get kind(): string {
    return this.text('kind');
  }

  get name(): string {
    return this.text('metadata', 'name');
  }

  /** The service that it belongs to, if any. */
  get component(): string {
    return this.text('metadata', 'labels', 'app.kubernetes.io/component');
  }

  /** What is at a path; null if there is nothing. */
  at(...path: readonly (string | number)[]): Yaml {
    return at(this.content, path);
  }

  /** The text of what is at a path; empty if there is nothing. */
  text(...path: readonly (string | number)[]): string {
    const found = this.at(...path);
    return found === null || typeof found === 'object' ? '' : String(found);
  }

  list(...path: readonly (string | number)[]): readonly YamlMap[] {
    const found = this.at(...path);
    return Array.isArray(found) ? found : [];
  }

  /** The pod that it makes; null if it makes none. */
  get pod(): Manifest | null {
    const paths = [
      ['spec', 'template', 'spec'],
      ['spec', 'jobTemplate', 'spec', 'template', 'spec'],
    ];
    const found =
      this.kind === 'Pod' ? this.at('spec') : paths.map((path) => this.at(...path)).find(Boolean);
    return isMap(found) ? new Manifest(found) : null;
  }
}

export function at(value: Yaml, path: readonly (string | number)[]): Yaml {
  let found: Yaml | undefined = value;
  for (const step of path) {
    found = typeof found === 'object' && found !== null ? Reflect.get(found, step) : undefined;
  }
  return found ?? null;
}

export function isMap(value: Yaml | undefined): value is YamlMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** @throws if the text is no YAML, or a document in it is no map */
export function parseManifests(text: string): readonly Manifest[] {
  // Helm and Kubernetes read YAML 1.1, in which `on` is a boolean.
  return parseAllDocuments(text, { version: '1.1', merge: true }).flatMap((document) => {
    const [error] = document.errors;
    if (error) {
      throw error;
    }
    const content: Yaml = document.toJS();
    if (content === null) {
      return [];
    }
    if (!isMap(content)) {
      throw new Error('a manifest is no map');
    }
    return [new Manifest(content)];
  });
}
