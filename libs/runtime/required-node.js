import process from 'node:process';

/** The least major version of Node that runs the gateway's code as it is: the pinned one. */
const LEAST_MAJOR = 26;

/**
 * Ends the process with a sentence if its Node is too old for the gateway's code, whose first
 * import would end it with a stack. Call it before loading anything else.
 */
export function requireNode() {
  const version = process.versions.node;
  if (Number.parseInt(version, 10) < LEAST_MAJOR) {
    process.stderr.write(
      `The gateway needs Node ${LEAST_MAJOR} or newer, and this is ${version}. \`npm ci\` without --omit=dev installs the right one, which npm start then uses.\n`,
    );
    process.exit(1);
  }
}
