/** Which methods each path has, for answers to any other method (RFC 9110 §10.2.1). */
export class AllowedMethods {
  readonly #byPath = new Map<string, Set<string>>();

  /** @param path - of a route, exact or ending in `/*` for any */
  add(path: string, methods: string | readonly string[]): void {
    const known = this.#byPath.getOrInsertComputed(path, () => new Set());
    for (const method of [methods].flat()) {
      known.add(method);
    }
  }

  /**
   * @param url - of a request, with its query
   * @returns the methods allowed there, sorted; includes OPTIONS if there are others
   */
  at(url: string): readonly string[] {
    const [path = ''] = url.split('?', 1);
    const methods = [...(this.#byPath.get(path) ?? []), ...(this.#byPath.get('/*') ?? [])];
    return methods.length === 0 ? [] : [...new Set([...methods, 'OPTIONS'])].sort();
  }
}
