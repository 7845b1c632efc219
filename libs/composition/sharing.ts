import { type Variable, VariableFault } from '#runtime/configuration/variable.ts';

/** A choice that only works within one process. */
interface Unshared {
  /** The variable's value. */
  readonly kind: string;
  /** Why it does not work here, and what to set instead; goes after the variable's name. */
  readonly sentence: string;
}

/** Makes a service's variable refuse a choice that other processes could not share. */
export function refusing<Value>(inner: Variable<Value>, unshared: Unshared): Variable<Value> {
  return {
    ...inner,
    read(text) {
      if (text === unshared.kind) {
        throw new VariableFault(unshared.sentence);
      }
      return inner.read(text);
    },
  };
}

/** The end of each such sentence. */
export const OR_ONE_PROCESS = 'or run the whole gateway in one process: awala-gateway serve';
