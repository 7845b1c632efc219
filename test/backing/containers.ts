import { accepts } from './accepts.ts';
import type { RunningServer } from './servers.ts';

const DOCKER_SOCKET = '/var/run/docker.sock';

/** Image, port and command of each backing service that can run in a container. */
const CONTAINERS = {
  redis: { image: 'redis:7.4.1-alpine', port: 6379, command: ['redis-server', '--save', ''] },
  gcs: {
    image: 'fsouza/fake-gcs-server:1.56.1',
    port: 4443,
    // If the engine forwards ports to another host than localhost, set TEST_GCS_ADDRESS instead.
    command: [
      '-scheme',
      'http',
      '-backend',
      'memory',
      '-public-host',
      'localhost',
      '-host',
      '0.0.0.0',
      '-port',
      '4443',
    ],
  },
  firestore: {
    image: 'gcr.io/google.com/cloudsdktool/google-cloud-cli:528.0.0-emulators',
    port: 8080,
    command: ['gcloud', 'emulators', 'firestore', 'start', '--host-port=0.0.0.0:8080'],
  },
} as const;

type ContainerName = keyof typeof CONTAINERS;

/** Whether a Docker engine answers; quick if there is none. */
export async function hasDockerEngine(): Promise<boolean> {
  if (process.env.DOCKER_HOST) {
    return true;
  }
  return accepts({ path: DOCKER_SOCKET });
}

export async function startContainer(name: ContainerName): Promise<RunningServer> {
  const { GenericContainer } = await import('testcontainers');
  const { image, port, command } = CONTAINERS[name];
  const container = await new GenericContainer(image)
    .withExposedPorts(port)
    .withCommand([...command])
    .start();
  return {
    address: `${container.getHost()}:${container.getMappedPort(port)}`,
    source: `Docker image ${image}`,
    stop: async () => {
      await container.stop();
    },
  };
}
