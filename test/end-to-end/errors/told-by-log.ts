import { until } from '#test/runtime/until.ts';

/**
 * Runs `act` and resolves once the log has told of an error with that code, as the reason of a line or
 * the code of its error.
 *
 * @param logged - lines of JSON, which grow
 * @returns what `act` did
 */
export async function telling<Result>(
  code: string,
  logged: readonly string[],
  act: () => Promise<Result>,
): Promise<Result> {
  const before = logged.length;
  const result = await act();
  await until(() =>
    logged.slice(before).some((line) => {
      const { reason, error } = JSON.parse(line);
      return reason === code || error?.code === code;
    }),
  );
  return result;
}
