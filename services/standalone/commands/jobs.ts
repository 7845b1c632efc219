import { openWorkQueue } from '#composition/work-queue.ts';
import {
  discardSetAsideJobs,
  listSetAsideJobs,
  parseTopic,
  replaySetAsideJobs,
  TOPICS,
  type Topic,
} from '#services/workers/set-aside-jobs.ts';
import { type Command, UsageError } from './command.ts';
import { BACKING_HELP } from './command-variables.ts';
import { withPorts } from './with-ports.ts';

/** `awala-gateway jobs`: lists, replays or discards jobs that were set aside. */
export const jobsCommand: Command = {
  usage: `Usage: awala-gateway jobs list [<topic>]
       awala-gateway jobs replay <topic> [<key>]
       awala-gateway jobs discard <topic> [<key>]

Jobs that can never succeed, or failed too often, are set aside with the reason.
Replay gives them another round of attempts; discard removes them. Without a
key, both apply to all jobs of the topic.

Topics: ${TOPICS.join(', ')}

${BACKING_HELP}`,
  async run(context) {
    const [action, topicText, key, ...others] = context.args;
    const topic = topicText === undefined ? undefined : topicCalled(topicText);
    if (others.length > 0 || (action === 'list' && key !== undefined)) {
      throw new UsageError('too many arguments');
    }
    return withPorts(context, async (foundations, config) => {
      const queue = await openWorkQueue(config.workQueue, foundations);
      if (action === 'list') {
        for await (const line of listSetAsideJobs(queue, topic)) {
          context.print(line);
        }
        return;
      }
      const act = actionCalled(action);
      if (!topic) {
        throw new UsageError(`jobs ${action} needs a topic`);
      }
      const count = await act.run(queue, topic, key);
      context.print(`${count} ${count === 1 ? 'job' : 'jobs'} ${act.done}`);
    });
  },
};

function actionCalled(word: string | undefined) {
  switch (word) {
    case 'replay':
      return { run: replaySetAsideJobs, done: 'will be tried again' };
    case 'discard':
      return { run: discardSetAsideJobs, done: 'discarded' };
    default:
      throw new UsageError('say list, replay or discard');
  }
}

function topicCalled(word: string): Topic {
  const topic = parseTopic(word);
  if (!topic) {
    throw new UsageError(`there is no topic “${word}”; the topics are ${TOPICS.join(' and ')}`);
  }
  return topic;
}
