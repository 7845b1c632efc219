import { type Environment, type Variable, VariableFault } from '#runtime/configuration/variable.ts';
import { SetupError } from './setup-error.ts';

/**
 * The value of a variable in a configuration.
 *
 * @throws {SetupError} if it cannot be used
 */
export function configuredValue<Value>(variable: Variable<Value>, configured: Environment): Value {
  try {
    return variable.read(configured[variable.name]?.trim() || undefined);
  } catch (error) {
    if (error instanceof VariableFault) {
      const message = `${variable.name} in the configuration ${error.message}`;
      throw new SetupError(message, 'Correct that line, then repeat the same line.');
    }
    throw error;
  }
}
