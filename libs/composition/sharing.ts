import { type Variable, VariableFault } from '#runtime/configuration/variable.ts';

/** A way for a service to be told to use something that only one process can use. */
interface Unshared {
  /** What an operator may have set the variable to. */
  readonly kind: string;
  /** Why that is no use here, and what to set instead; goes after the variable's name. */
  readonly sentence: string;
}

/** The variable of a service that shares its backing: what others could not reach is refused by name. */
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
